import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { recordingServer } from "../../../packages/pulumi-customerio/test/recording-server.ts";
import { azureCredential } from "../../../relay/deploy/client/azure-credential.ts";
import { failure } from "./azure-server.ts";
import { type Entra, principal, startEntra } from "./entra.ts";

const scope = "https://management.azure.com/.default";
const application = {
  ARM_TENANT_ID: principal.tenantId,
  ARM_CLIENT_ID: principal.clientId,
  ARM_DISABLE_INSTANCE_DISCOVERY: "true",
};

let entra: Entra;
let folder: string;
beforeAll(async () => {
  entra = await startEntra();
  folder = mkdtempSync(path.join(tmpdir(), "credential-"));
  // Read by Azure's library alone.
  process.env.AZURE_AUTHORITY_HOST = entra.url;
  // Azure's library reads it once.
  process.env.no_proxy = "127.0.0.1";
});
afterAll(async () => {
  for (const name of ["AZURE_AUTHORITY_HOST", "no_proxy"]) delete process.env[name];
  rmSync(folder, { recursive: true });
  await entra.close();
});
beforeEach(() => {
  entra.requests.length = 0;
  entra.assertion = "of-pipeline";
});

async function tokenWith(environment: Record<string, string>): Promise<string | undefined> {
  const { credential } = await azureCredential({ environment: { ...application, ...environment } });
  return (await credential.getToken(scope))?.token;
}

const lastForm = () => Object.fromEntries(entra.forms().at(-1) ?? []);

test("it uses a client secret in ARM_CLIENT_SECRET before OIDC, as azure-native does", async () => {
  const environment = { ARM_CLIENT_SECRET: principal.secret, ARM_USE_OIDC: "true", ARM_OIDC_TOKEN: "other" };
  expect(await tokenWith(environment)).toContain("for-");
  expect(lastForm()).toMatchObject({ client_id: principal.clientId, client_secret: principal.secret });
});

test("it uses OIDC with the token itself, as Pulumi ESC sets it", async () => {
  expect(await tokenWith({ ARM_USE_OIDC: "true", ARM_OIDC_TOKEN: "of-pipeline" })).toContain("for-");
  expect(lastForm()).toMatchObject({
    client_assertion: "of-pipeline",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  });
});

test("it uses OIDC with a file, which it reads again for each token", async () => {
  const file = path.join(folder, "token");
  const environment = { ARM_USE_OIDC: "true", ARM_OIDC_TOKEN_FILE_PATH: file };
  const { message } = await failure(tokenWith(environment));
  expect(message).toContain("OIDC (ARM_USE_OIDC) with the token in ARM_OIDC_TOKEN_FILE_PATH: ENOENT");
  writeFileSync(file, "of-pipeline\n");
  expect(await tokenWith(environment)).toContain("for-");
});

test("it uses OIDC with a token that GitHub gives the job", async () => {
  entra.assertion = "of-github";
  const environment = { ARM_USE_OIDC: "true", ACTIONS_ID_TOKEN_REQUEST_URL: `${entra.url}/github?api-version=2.0` };
  expect(await tokenWith({ ...environment, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job" })).toContain("for-");
  const { message } = await failure(tokenWith({ ...environment, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of another job" }));
  expect(message).toMatch(/GitHub gave no OIDC token: 127\.0\.0\.1:\d+ answered 401\./);
  expect(message).not.toContain("secret words");
});

test("it asks GitHub by the proxy of the environment, as azure-native does", async () => {
  const proxy = await recordingServer(() => ({ body: { value: "of-github" } }));
  process.env.http_proxy = `http://127.0.0.1:${proxy.port}`;
  try {
    entra.assertion = "of-github";
    const requestUrl = "http://github.invalid/token?api-version=2.0";
    const github = { ACTIONS_ID_TOKEN_REQUEST_URL: requestUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job" };
    expect(await tokenWith({ ARM_USE_OIDC: "true", ...github })).toContain("for-");
    expect(proxy.calls()).toContain(`GET ${requestUrl}&audience=api%3A%2F%2FAzureADTokenExchange`);
  } finally {
    delete process.env.http_proxy;
    await proxy.close();
  }
});

test("a refusal by Entra names the login method, Entra's code and what to check, and no secret", async () => {
  const { message } = await failure(tokenWith({ ARM_CLIENT_SECRET: "wrong-secret" }));
  expect(message).toContain("Could not get an access token for Azure with the client secret in ARM_CLIENT_SECRET:");
  expect(message).toContain("7000215");
  expect(message).toContain("has not expired");
  expect(message).not.toContain("wrong-secret");
  const expired = await failure(tokenWith({ ARM_USE_OIDC: "true", ARM_OIDC_TOKEN: "expired" }));
  expect(expired.message).toContain("OIDC (ARM_USE_OIDC) with the token in ARM_OIDC_TOKEN:");
  expect(expired.message).toContain("federated credential");
  expect(expired.message.split("\n")).toHaveLength(1);
});

test.each([
  [{ ARM_CLIENT_SECRET: "x", ARM_TENANT_ID: "" }, "ARM_CLIENT_SECRET is set, but not ARM_TENANT_ID."],
  [{ ARM_USE_OIDC: "true", ARM_CLIENT_ID: "" }, "ARM_USE_OIDC is set, but not ARM_CLIENT_ID."],
  [{ ARM_USE_OIDC: "true" }, "ARM_USE_OIDC is set, but there is no OIDC token. Set ARM_OIDC_TOKEN or"],
  [
    { ARM_CLIENT_CERTIFICATE_PATH: "c.pem", ARM_CLIENT_ID: "", ARM_TENANT_ID: "" },
    "not ARM_TENANT_ID and ARM_CLIENT_ID",
  ],
])("a login method that lacks a variable names it: %j", async (environment, words) => {
  await expect(azureCredential({ environment: { ...application, ...environment } })).rejects.toThrow(words);
});

test.each([
  [{ ARM_USE_DEFAULT_AZURE_CREDENTIAL: "true", ARM_CLIENT_SECRET: "x" }, "DefaultAzureCredential"],
  [{ ARM_CLIENT_CERTIFICATE_PATH: "c.pem", ARM_CLIENT_SECRET: "x" }, "the client certificate"],
  [{ ARM_CLIENT_SECRET: "x", ARM_USE_MSI: "true" }, "the client secret"],
  [{ ARM_USE_OIDC: "true", ARM_OIDC_TOKEN: "x", ARM_USE_MSI: "true" }, "OIDC (ARM_USE_OIDC)"],
  [{ ARM_USE_MSI: "true" }, "the managed identity of this machine (ARM_USE_MSI, ARM_CLIENT_ID)"],
  [{ ARM_USE_MSI: "false" }, "Azure CLI"],
])("the order is azure-native's: %j", async (environment, way) => {
  expect((await azureCredential({ environment: { ...application, ...environment } })).way).toContain(way);
});
