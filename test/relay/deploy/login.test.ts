import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { recordingServer } from "../../../packages/pulumi-customerio/test/recording-server.ts";
import { AzureClient } from "../../../relay/deploy/client/client.ts";
import { callersLogin } from "../../../relay/deploy/client/login.ts";
import { failure } from "./azure-server.ts";

const signal = new AbortController().signal;
const variables = ["AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "PATH", "ARM_USE_MSI"] as const;
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "login-"));
  process.env.AZURE_TOKEN_CREDENTIALS = "AzureCliCredential";
  process.env.PATH = `${folder}:${before.PATH}`;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of variables) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

const calls = "calls";

/** An Azure CLI that gives a new token at each call and writes its arguments down. */
function azureCli(secondsToLive: number): void {
  const expires = Math.floor(Date.now() / 1000) + secondsToLive;
  const script = `#!/bin/sh
echo "$*" >> '${path.join(folder, calls)}'
n=$(wc -l < '${path.join(folder, calls)}' | tr -d ' ')
echo "{\\"accessToken\\":\\"token-$n\\",\\"expires_on\\":${expires},\\"tokenType\\":\\"Bearer\\"}"
`;
  writeFileSync(path.join(folder, "az"), script, { mode: 0o700 });
}

test("asks Azure CLI once for a token of Azure Resource Manager, also for concurrent calls", async () => {
  azureCli(3600);
  const login = callersLogin();
  expect(await Promise.all([login(false, signal), login(false, signal)])).toEqual(["token-1", "token-1"]);
  expect(await login(false, signal)).toBe("token-1");
  expect(readFileSync(path.join(folder, calls), "utf8")).toBe(
    "account get-access-token --output json --resource https://management.azure.com\n",
  );
});

test("asks Azure CLI, which may know several tenants, for the tenant of the subscription", async () => {
  azureCli(3600);
  const login = callersLogin();
  expect([await login(false, signal, "s-1"), await login(false, signal, "s-2"), await login(false, signal)]).toEqual([
    "token-1",
    "token-2",
    "token-3",
  ]);
  expect(await login(false, signal, "s-1")).toBe("token-1");
  const asked = readFileSync(path.join(folder, calls), "utf8").split("\n");
  expect(asked.map((line) => / --subscription (\S+)/.exec(line)?.[1])).toEqual(["s-1", "s-2", undefined, undefined]);
});

test("is for the subscription of the object that a call is about", async () => {
  const azure = await recordingServer(() => ({ headers: { "Content-Type": "application/json" }, body: { value: [] } }));
  const login = jest.fn(async (_renew: boolean, _signal: AbortSignal, subscriptionId = "none") => subscriptionId);
  const client = new AzureClient({ armUrl: `http://127.0.0.1:${azure.port}` }, { login });
  try {
    for (const id of ["/subscriptions/S-1/resourceGroups/relay", "/subscriptions/s-2", "/subscriptions"]) {
      await client.armGet(id, "2022-09-01", signal);
    }
    expect(azure.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer s-1",
      "Bearer s-2",
      "Bearer none",
    ]);
  } finally {
    await azure.close();
  }
});

test("asks again for a token that was refused", async () => {
  azureCli(3600);
  const login = callersLogin();
  await login(false, signal);
  expect(await login(true, signal)).toBe("token-2");
  expect(await login(false, signal)).toBe("token-2");
});

test("asks again for a token that ends soon", async () => {
  azureCli(60);
  const login = callersLogin();
  await login(false, signal);
  const second = await login(false, signal);
  expect(second).not.toBe("token-1");
});

test("without any login it says how to log in, and tries again the next time", async () => {
  const login = callersLogin();
  process.env.PATH = folder;
  const { message } = await failure(login(false, signal));
  expect(message).toContain(
    "Could not get an access token for Azure with Azure CLI, since none of the variables ARM_* chooses another way: " +
      "Azure CLI could not be found.",
  );
  expect(message).toContain("Log in with `az login`");
  expect(message.split("\n")).toHaveLength(1);
  process.env.PATH = `${folder}:${before.PATH}`;
  azureCli(3600);
  expect(await login(false, signal)).toBe("token-1");
});

test("an interrupted login is not reported as a missing one", async () => {
  process.env.PATH = folder;
  const { message } = await failure(callersLogin()(false, AbortSignal.abort()));
  expect(message).not.toContain("Could not get an access token");
});

test("uses a managed identity if there is one, as on Azure's own machines", async () => {
  const expires = String(Math.floor(Date.now() / 1000) + 3600);
  const answer = { access_token: "of-identity", expires_on: expires, resource: "https://management.azure.com" };
  const identity = await recordingServer(() => ({
    headers: { "Content-Type": "application/json" },
    body: { ...answer, token_type: "Bearer" },
  }));
  delete process.env.AZURE_TOKEN_CREDENTIALS;
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${identity.port}/token`;
  process.env.IDENTITY_HEADER = "header-secret";
  try {
    // If Azure CLI is installed, the identity is used only on request, as in azure-native.
    expect(await callersLogin()(false, signal)).toBe("of-identity");
    azureCli(3600);
    expect(await callersLogin()(false, signal)).toBe("token-1");
    process.env.ARM_USE_MSI = "true";
    expect(await callersLogin()(false, signal)).toBe("of-identity");
  } finally {
    await identity.close();
  }
});
