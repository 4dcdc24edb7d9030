import { localCredentials } from "../../../packages/local-cloud/src/credentials.ts";
import {
  assign,
  make,
  roles,
  startTestAzure,
  type TestAzure,
} from "../../../packages/local-cloud/test/azure/support.ts";
import { VendorError } from "../../../packages/pulumi-provider-kit/src/http/vendor-error.ts";
import { AzureClient } from "../../../relay/deploy/client/client.ts";
import { Vault } from "../../../relay/deploy/client/vault.ts";
import { vaultSecret } from "../../../relay/deploy/resources/arm/vault-secret.ts";
import { formerVersions } from "../../../relay/deploy/resources/former-versions.ts";
import { operationOn, type TestOperation } from "./azure-server.ts";

// The real client, with its own two logins, against the stand-in's vault.
let cloud: TestAzure;
let operation: TestOperation;
let vaultId: string;

// One cloud for all tests, since the identity library keeps tokens for the whole process.
beforeAll(async () => {
  cloud = await startTestAzure();
  const { provider, identityEndpoint, identityHeader } = cloud.azure;
  Object.assign(process.env, {
    IDENTITY_ENDPOINT: identityEndpoint,
    IDENTITY_HEADER: identityHeader,
    ARM_USE_MSI: "true",
  });
  await provider.configure({ location: "westeurope" });
  await make(provider, "resources:ResourceGroup", "group", { resourceGroupName: "group" });
  const properties = { tenantId: "t", sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  const vault = { resourceGroupName: "group", vaultName: "relayvault", properties };
  vaultId = (await make(provider, "keyvault:Vault", "vault", vault)).id;
});

beforeEach(() => {
  operation = { ...operationOn({ host: "unused" } as never), client: new AzureClient({ armUrl: cloud.azure.armUrl }) };
});

afterAll(async () => {
  for (const name of ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "ARM_USE_MSI"]) delete process.env[name];
  await cloud.stop();
});

const secretWith = (value: string, name = "key") => ({ vaultId, name, value, contentType: "key" });

/** Writes a secret, then another value of it; returns the addresses of both versions. */
async function rotate(name = "key"): Promise<[string, string]> {
  const { id, outputs } = await vaultSecret.create(operation, secretWith("one", name));
  const change = { news: secretWith("two", name), olds: secretWith("one", name), outputs };
  const rotated = await vaultSecret.update?.(operation, id, change);
  return [outputs.uriWithVersion, rotated?.uriWithVersion ?? ""];
}

async function versions(name: string): Promise<Record<string, boolean>> {
  const vault = await operation.client.openVault(vaultId, operation.signal);
  const listed = await vault.listVersions(name, operation.signal);
  return Object.fromEntries(listed.map(({ version, isEnabled }) => [version, isEnabled]));
}

const versionIn = (uri: string) => uri.split("/").at(-1) ?? "";

test("without the permission a warning gives the command that grants it, and after a refresh the next update tries again", async () => {
  const [, two] = await rotate();
  const inputs = { vaultId, secrets: { key: two } };
  const asked = jest.spyOn(Vault.prototype, "listVersions");
  const { id, outputs } = await formerVersions.create(operation, inputs);
  expect(outputs).toEqual({ enabled: ["key"] });
  // The vault would refuse, and an alert would report that.
  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
  expect(operation.shown.join()).toContain('az role assignment create --role "Key Vault Secrets Officer"');
  expect(operation.shown.join()).toContain("npx pulumi up --refresh");
  expect(await formerVersions.read(operation, id, inputs, outputs)).toEqual({
    inputs: { vaultId, secrets: {} },
    outputs,
  });
  expect(await formerVersions.read(operation, id, inputs, { enabled: [] })).toMatchObject({ inputs });
});

test.each([
  [
    "does not say what the login may do with data",
    () => Promise.resolve({ value: [{ actions: ["*"], notActions: [] }] }),
  ],
  ["does not say what the login may do", () => Promise.reject(new VendorError("denied", { status: 403 }))],
])("if Azure %s, the vault decides", async (_case, answer) => {
  const [, two] = await rotate();
  const asked = jest.spyOn(Vault.prototype, "listVersions");
  const query = jest.spyOn(operation.client, "query").mockImplementation(answer as never);
  const { outputs } = await formerVersions.create(operation, { vaultId, secrets: { key: two } });
  expect([asked.mock.calls.length, outputs]).toEqual([1, { enabled: ["key"] }]);
  asked.mockRestore();
  query.mockRestore();
});

test("a deleted vault is an error that says how to recover it", async () => {
  const inputs = { vaultId: `${vaultId}-other`, secrets: {} };
  await expect(formerVersions.create(operation, inputs)).rejects.toThrow("npx pulumi up --refresh");
});

test("the vault refuses a token for another API and one without the role", async () => {
  const { provider } = cloud.azure;
  const url = `${cloud.azure.armUrl}/vaults/relayvault/secrets/key/versions?api-version=7.4`;
  const token = async (endpoint: string) => {
    const answer = await provider.invoke("azure-native:authorization:getClientToken", { endpoint });
    return (answer.token as unknown as { value: string }).value;
  };
  const ask = async (endpoint: string) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${await token(endpoint)}` } });
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  expect(await ask("https://management.azure.com/")).toEqual([401, "Unauthorized"]);
  expect(await ask("https://vault.azure.net")).toEqual([403, "Forbidden"]);
});

describe("with the role", () => {
  beforeAll(async () => {
    const { objectId } = localCredentials.azure;
    await assign(cloud.azure.provider, objectId, roles.secretsOfficer, vaultId);
  });

  test("after a rotation the former versions are disabled, and the one in use is not", async () => {
    const [one, two] = await rotate("rotated");
    expect(await versions("rotated")).toEqual({ [versionIn(one)]: true, [versionIn(two)]: true });
    const inputs = { vaultId, secrets: { rotated: two, unknown: "https://v.example/secrets/unknown/1" } };
    expect((await formerVersions.create(operation, inputs)).outputs).toEqual({ enabled: [] });
    expect(await versions("rotated")).toEqual({ [versionIn(one)]: false, [versionIn(two)]: true });
    expect(operation.shown).toEqual([]);
  });

  test("changes other than of the value apply to the current version, so that references stay valid", async () => {
    const { id, outputs } = await vaultSecret.create(operation, secretWith("one", "dated"));
    const expiresAt = "2100-01-01T00:00:00.000Z";
    const news = { ...secretWith("one", "dated"), expiresAt, tags: { a: "b" } };
    expect(await vaultSecret.update?.(operation, id, { news, olds: secretWith("one", "dated"), outputs })).toEqual(
      outputs,
    );
    expect(Object.keys(await versions("dated"))).toHaveLength(1);
    expect(await vaultSecret.read(operation, id, news, outputs)).toEqual({ inputs: news, outputs });
    const other = { ...news, expiresAt: "2099-01-01T00:00:00Z" };
    expect((await vaultSecret.read(operation, id, other, outputs))?.inputs).toEqual({ ...other, expiresAt });
    // Azure has no call that takes a date away from a version, so the same value is written again.
    const without = await vaultSecret.update?.(operation, id, {
      news: secretWith("one", "dated"),
      olds: news,
      outputs,
    });
    expect(without).not.toEqual(outputs);
    expect(await versions("dated")).toMatchObject({ [versionIn(without?.uriWithVersion ?? "")]: true });
  });
});
