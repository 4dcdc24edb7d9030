import { vaultSecret } from "../../../relay/deploy/resources/arm/vault-secret.ts";
import { type AzureServer, failure, gone, operationOn, type TestOperation, useAzure } from "./azure-server.ts";

const group = "/subscriptions/s/resourceGroups/g";

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const vaultId = `${group}/providers/Microsoft.KeyVault/vaults/v`;
const id = `${vaultId}/secrets/key`;
const uri = "https://v.vault.azure.net/secrets/key/1";
const found = { status: 200, body: { properties: { secretUriWithVersion: uri } } };

test("it is written and identified by its version; no message contains its value", async () => {
  azure.script[`PUT ${id}`] = [
    found,
    { status: 400, body: JSON.stringify({ error: { code: "BadRequest", message: "no" } }) },
  ];
  const secret = { vaultId, name: "key", value: "s3cret" };
  expect(await vaultSecret.create(operation, secret)).toEqual({ id, outputs: { uriWithVersion: uri } });
  const error = await failure(vaultSecret.create(operation, secret));
  expect(error.message).not.toContain("s3cret");
});

test("one that somebody deleted has to be recovered before it can be written", async () => {
  const message =
    "Secret key is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be " +
    "recovered or purged.";
  azure.script[`PUT ${id}`] = [{ status: 409, body: { error: { code: "Conflict", message } } }];
  const refused = await failure(vaultSecret.create(operation, { vaultId, name: "key", value: "s3cret" }));
  expect(refused.message).toContain(
    "az keyvault secret recover --vault-name <vault> --name <secret>. Then run: npx pulumi up",
  );
});

test.each([
  ["the version that the stack wrote", { secretUriWithVersion: uri, attributes: { enabled: true } }, "s3cret"],
  ["another version", { secretUriWithVersion: "https://v.vault.azure.net/secrets/key/2" }, ""],
  ["a disabled version", { secretUriWithVersion: uri, attributes: { enabled: false } }, ""],
])("a refresh finds %s", async (_, properties, value) => {
  azure.script[`GET ${id}`] = [{ status: 200, body: JSON.stringify({ properties }) }];
  const known = { vaultId, name: "key", value: "s3cret" };
  expect(await vaultSecret.read(operation, id, known, { uriWithVersion: uri })).toEqual({
    inputs: { ...known, value },
    outputs: { uriWithVersion: properties.secretUriWithVersion },
  });
});

test("a change of its expiry date alone keeps the version that the stack wrote", async () => {
  azure.script = { [`GET ${id}`]: [found], [`PATCH ${id}`]: [found] };
  expect(await extend()).toEqual({ uriWithVersion: uri });
  expect(azure.requests.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
});

test("tags that the program has no longer are removed", async () => {
  azure.script = { [`GET ${id}`]: [found], [`PATCH ${id}`]: [found] };
  const news = { vaultId, name: "key", value: "s3cret" };
  const olds = { ...news, tags: { owner: "me" } };
  await vaultSecret.update?.(operation, id, { news, olds, outputs: { uriWithVersion: uri } });
  expect(azure.requests.at(-1)?.json).toEqual({ tags: {}, properties: {} });
});

test.each([
  ["another version", { secretUriWithVersion: "https://v.vault.azure.net/secrets/key/2" }],
  ["a disabled version", { secretUriWithVersion: uri, attributes: { enabled: false } }],
  ["none", undefined],
])(
  "it writes its value again if the vault has %s: the relay must not get a value that is not the stack's",
  async (_, properties) => {
    const third = "https://v.vault.azure.net/secrets/key/3";
    azure.script = {
      [`GET ${id}`]: [properties ? { status: 200, body: { properties } } : gone],
      [`PUT ${id}`]: [{ status: 200, body: { properties: { secretUriWithVersion: third } } }],
    };
    expect(await extend()).toEqual({ uriWithVersion: third });
    expect(azure.requests.at(-1)?.json).toMatchObject({ properties: { value: "s3cret" } });
    expect(operation.shown).toEqual([expect.stringContaining('writes the secret "key" again')]);
  },
);

/** Updates the secret by another expiry date. */
function extend() {
  const olds = { vaultId, name: "key", value: "s3cret", expiresAt: "2027-01-01T00:00:00.000Z" };
  const news = { ...olds, expiresAt: "2027-04-01T00:00:00.000Z" };
  return vaultSecret.update?.(operation, id, { news, olds, outputs: { uriWithVersion: uri } });
}

test("it is deleted only with its vault: otherwise its name would stay taken, and an Owner may not delete it", async () => {
  await vaultSecret.delete(operation, id, { vaultId, name: "key", value: "s3cret" });
  expect(azure.requests).toEqual([]);
});

test("in a vault that stays, it is disabled, unless it is gone", async () => {
  const secret = { vaultId, name: "key", value: "s3cret", disableWhenDeleted: true };
  azure.script = { [`GET ${id}`]: [found, gone], [`PATCH ${id}`]: [found] };
  await vaultSecret.delete(operation, id, secret);
  expect(azure.requests.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
  expect(azure.requests[1]?.json).toEqual({ properties: { attributes: { enabled: false } } });
  await vaultSecret.delete(operation, id, secret);
  expect(azure.requests).toHaveLength(3);
});
