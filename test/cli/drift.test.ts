import { driftLines, findDrifts } from "../../cli/drift/drift.ts";
import { driftCommand } from "../../cli/drift/drift-command.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { readState } from "../../cli/stack/state.ts";
import { type AzureServer, failure, gone, operationOn, siteId, useAzure } from "../relay/deploy/azure-server.ts";

// The command on a state and a scripted Azure: no engine, no stack.
const vaultId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v";
const uri = "https://v.vault.azure.net/secrets/key/1";
const written = { A: "1", KEY: `@Microsoft.KeyVault(SecretUri=${uri})` };
const list = `POST ${siteId}/config/appsettings/list`;
const health = "GET /health";
const secret = `GET ${vaultId}/secrets/key`;
const accountId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/events";
const everybody = { ipAddress: "Any", action: "Allow", priority: 2_147_483_647, name: "Allow all" };
const open = { ipSecurityRestrictions: [everybody], scmIpSecurityRestrictions: [everybody] };

let azure: AzureServer;

useAzure((server) => {
  azure = server;
  azure.script = {
    [list]: [{ body: { properties: written } }],
    [health]: [{ body: { status: "ok", build: "ours" } }],
    [secret]: [{ body: { properties: { secretUriWithVersion: uri } } }],
    [`GET ${siteId}`]: [{ body: { properties: {} } }],
    [`GET ${siteId}/config/web`]: [{ body: { properties: open } }],
    [`GET ${accountId}`]: [
      { body: { properties: { networkAcls: { bypass: "AzureServices", defaultAction: "Allow" } } } },
    ],
    [`GET ${vaultId}`]: [{ body: { properties: { publicNetworkAccess: "Disabled" } } }],
  };
});

function source(over: object = {}): StackSource {
  const outputs = { siteId, hostName: azure.host, healthPath: "/health", settings: written, build: "ours", ...over };
  const resources = readState(
    JSON.stringify({
      deployment: {
        resources: [
          { type: "customerio-aep:index:FunctionCode", urn: "u::p::t::code", id: siteId, outputs },
          {
            type: "customerio-aep:index:VaultSecret",
            urn: "u::p::t::key",
            id: `${vaultId}/secrets/key`,
            outputs: { name: "key", uriWithVersion: uri },
          },
          {
            type: "customerio-aep:index:FunctionApp",
            urn: "u::p::t::app",
            id: siteId,
            outputs: {},
            inputs: { body: { properties: { siteConfig: { minTlsVersion: "1.2" } } } },
          },
          { type: "azure-native:storage:StorageAccount", urn: "u::p::t::account", id: accountId, inputs: {} },
          {
            type: "azure-native:keyvault:Vault",
            urn: "u::p::t::vault",
            id: vaultId,
            inputs: { properties: { publicNetworkAccess: "Disabled" } },
          },
        ],
      },
    }),
  );
  const all = (type: string) => resources.filter((resource) => resource.type === type);
  return {
    name: "events",
    target: { stack: "dev" },
    all,
    resource: (type: string) => all(type)[0],
    providerSettings: () => ({ armUrl: `https://${azure.host}` }),
  } as unknown as StackSource;
}

const look = (of = source()) => findDrifts(operationOn(azure).client, of);
const target = { stack: "dev" };

test("an unchanged relay has no differences", async () => {
  const report = await look();
  expect(driftCommand.json.parse(report)).toEqual({ drift: [], unknown: [] });
  expect(driftLines(report, target)).toEqual([
    "App settings, code, secrets and access rules are unchanged since the last `npx pulumi up`.",
  ]);
});

test("it compares app settings by name, code by build and secrets by version, and shows no values", async () => {
  azure.script = {
    ...azure.script,
    [list]: [{ body: { properties: { A: "s3cret", NEW: "pa55word" } } }],
    [health]: [{ body: { status: "ok", build: "theirs" } }],
    [secret]: [{ body: { properties: { secretUriWithVersion: uri.replace(/1$/, "2") } } }],
  };
  const report = await look();
  const { drift } = report;
  expect(driftCommand.json.parse(report)).toEqual({ drift, unknown: [] });
  expect(drift.map(({ part, name, change }) => [part, name, change])).toEqual([
    ["app setting", "A", "changed"],
    ["app setting", "KEY", "removed"],
    ["app setting", "NEW", "added"],
    ["code", "relay", "changed"],
    ["secret", "key", "changed"],
  ]);
  const lines = driftLines(report, target);
  expect(lines).toContain("  code relay was changed: the build theirs runs, but the stack deployed ours");
  expect(lines).toContain("  secret key was changed: the vault has the version 2, and the stack wrote 1");
  expect(lines.at(-1)).toBe("To undo these changes: npx pulumi up --refresh --stack dev");
  expect(lines.join("\n")).not.toMatch(/s3cret|pa55word|KeyVault/);
});

test.each([
  ["deleted", gone, "removed"],
  ["disabled", { body: { properties: { secretUriWithVersion: uri, attributes: { enabled: false } } } }, "changed"],
])("a secret that was %s differs", async (_, answer, change) => {
  azure.script[secret] = [answer];
  expect((await look()).drift).toMatchObject([{ part: "secret", name: "key", change }]);
});

test("code without the relay's functions differs", async () => {
  azure.script[health] = [{ status: 404 }];
  expect((await look()).drift).toMatchObject([{ part: "code", found: expect.stringContaining("unidentified code") }]);
});

test("what can't be compared is named, and does not hide what was changed", async () => {
  azure.script[health] = [{ status: 503 }];
  const unchanged = await look();
  expect(unchanged).toEqual({ drift: [], unknown: [expect.stringContaining("Could not find out which code runs")] });
  expect(driftLines(unchanged, target).at(-1)).toBe(
    "All other app settings, code, secrets and access rules are unchanged since the last `npx pulumi up`.",
  );
  azure.script[list] = [gone];
  expect((await look()).unknown.join()).toContain("npx pulumi up --refresh --stack dev");
  azure.script[`GET ${accountId}`] = [{ body: { properties: { publicNetworkAccess: "Disabled" } } }];
  const closed = driftLines(await look(), target);
  expect(closed.join("\n")).toContain("access events was changed: its network access differs from the stack's");
  expect(closed.at(-1)).toBe("To undo these changes: npx pulumi up --refresh --stack dev");
});

test("the state of an earlier version is an error, and so is a login that may compare nothing", async () => {
  const early = await failure(look(source({ settings: undefined })));
  expect(early.message).toContain("Run once: npx pulumi up --stack dev");
  for (const call of Object.keys(azure.script)) azure.script[call] = [{ status: 403 }];
  expect((await failure(look())).message).toMatch(/403/);
});

test("it finds access rules of the app, the storage accounts and the vault that someone changed in Azure", async () => {
  azure.script = {
    ...azure.script,
    [`GET ${siteId}`]: [{ body: { properties: { publicNetworkAccess: "Disabled" } } }],
    [`GET ${siteId}/config/web`]: [
      {
        body: {
          properties: {
            ...open,
            ipSecurityRestrictions: [
              { ipAddress: "203.0.113.7/32", action: "Deny", priority: 100, tag: "Default", headers: null },
              everybody,
            ],
            ipSecurityRestrictionsDefaultAction: "Allow",
          },
        },
      },
    ],
    [`GET ${accountId}`]: [
      { body: { properties: { networkAcls: { defaultAction: "Deny", ipRules: [{ value: "203.0.113.7" }] } } } },
    ],
    [`GET ${vaultId}`]: [{ body: { properties: {} } }],
  };
  const { drift } = await look();
  const changed = "its network access differs from the stack's";
  expect(drift).toEqual([
    {
      part: "access",
      name: "relay",
      change: "changed",
      found: `${changed}: ipSecurityRestrictions, publicNetworkAccess`,
    },
    { part: "access", name: "events", change: "changed", found: `${changed}: default action, IP rules` },
    { part: "access", name: "v", change: "changed", found: `${changed}: public network access` },
  ]);
});
