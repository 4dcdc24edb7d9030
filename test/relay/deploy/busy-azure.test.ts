import { withProgress } from "../../../packages/pulumi-provider-kit/src/engine/progress.ts";
import { restoreSettings } from "../../../relay/deploy/drift/restore-settings.ts";
import { appServicePlan } from "../../../relay/deploy/resources/arm/app-service-plan.ts";
import { armResource } from "../../../relay/deploy/resources/arm/arm-resource.ts";
import { budget } from "../../../relay/deploy/resources/arm/budget.ts";
import { functionApp } from "../../../relay/deploy/resources/arm/function-app.ts";
import { ownLockPath } from "../../../relay/deploy/resources/arm/own-lock.ts";
import { vaultSecret } from "../../../relay/deploy/resources/arm/vault-secret.ts";
import { type AzureServer, failure, gone, operationOn, siteId, type TestOperation, useAzure } from "./azure-server.ts";

const group = "/subscriptions/s/resourceGroups/g";
const account = `${group}/providers/Microsoft.Storage/storageAccounts/a`;
const path = "queueServices/default/queues/events";
const queue = `${account}/${path}`;
const inputs = { parentId: account, path, apiVersion: "2024-01-01", body: {} };

const refusal = (code: string, message = "no") => ({ status: 409, body: { error: { code, message } } });
const busy = refusal("StorageAccountOperationInProgress");
const done = { status: 200, body: {} };
const siteMessage = "Cannot modify this site because another operation is in progress. Details: Id: 4";

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const writes = () => azure.requests.filter(({ method }) => method !== "GET").map(({ method }) => method);

test.each([
  ["StorageAccountOperationInProgress", busy],
  ["StorageAccountBeingCreated", refusal("StorageAccountBeingCreated")],
  ["StorageAccountIsNotProvisioned", refusal("StorageAccountIsNotProvisioned")],
  ["ConcurrentModification", refusal("ConcurrentModification")],
  ["AnotherOperationInProgress", refusal("AnotherOperationInProgress")],
  ["QueueBeingDeleted", refusal("QueueBeingDeleted")],
  ["ContainerBeingDeleted", refusal("ContainerBeingDeleted")],
  ["Conflict in App Service's words", { status: 409, body: { Code: "Conflict", Message: siteMessage } }],
])("a write waits while Azure is busy with another one: %s", async (_, answer) => {
  azure.script = { [`GET ${queue}`]: [gone], [`PUT ${queue}`]: [answer, answer, done] };
  await withProgress(operation.progress, () => armResource.create(operation, inputs));
  expect(writes()).toEqual(["PUT", "PUT", "PUT"]);
  expect(operation.clock.sleeps).toEqual([1_000, 2_000]);
  expect(operation.shown).toEqual([
    "waiting to create or update storageAccounts/a/queueServices/default/queues/events: Azure is busy with another change there",
  ]);
});

test.each([
  ["of another object", refusal("RoleAssignmentExists", "The role assignment already exists.")],
  ["for another reason", refusal("Conflict", "Server farm cannot be deleted: it has web app(s) other.")],
  ["of a lock", refusal("ScopeLocked", "Please remove the lock.")],
])("a refusal %s is reported at once", async (_, answer) => {
  azure.script = { [`GET ${queue}`]: [gone], [`PUT ${queue}`]: [answer, done] };
  await failure(armResource.create(operation, inputs));
  expect(writes()).toEqual(["PUT"]);
});

test.each([
  ["429", "RetryableError", 10],
  ["400", "AnotherOperationInProgress", 2],
  ["400", "ReferencedResourceNotProvisioned", 2],
])("the network provider says so with %s: %s", async (status, code, refused) => {
  const answer = { ...refusal(code), status: Number(status) };
  azure.script = { [`PUT ${queue}`]: [...Array(refused).fill(answer), done] };
  await armResource.create(operation, inputs);
  expect(writes()).toHaveLength(refused + 1);
});

test("after 15 minutes the write fails with Azure's refusal", async () => {
  azure.script = { [`DELETE ${queue}`]: [busy] };
  const { message } = await failure(armResource.delete(operation, queue, inputs as never) as Promise<unknown>);
  expect(message).toContain(
    "Could not delete storageAccounts/a/queueServices/default/queues/events: Azure answered 409",
  );
  expect(message).toContain("Run the command again");
  expect(operation.clock.monotonic()).toBe(15 * 60_000 + 3_000);
});

test("a command that is stopped does not wait for Azure, and says so", async () => {
  azure.script = { [`DELETE ${queue}`]: [busy] };
  operation.clock.sleep = async () => operation.stop.abort(new Error("stopped by the user"));
  const { message } = await failure(armResource.delete(operation, queue, inputs as never) as Promise<unknown>);
  expect(message).toBe(
    "Could not delete storageAccounts/a/queueServices/default/queues/events: stopped by the user, while Azure was busy with another change there.",
  );
  expect(writes()).toEqual(["DELETE"]);
});

describe("each write waits:", () => {
  const web = `${group}/providers/Microsoft.Web`;
  const [plan, app, budgetId] = [
    `${web}/serverfarms/p`,
    `${web}/sites/p`,
    `${group}/providers/Microsoft.Consumption/b`,
  ];
  const secret = `${group}/providers/Microsoft.KeyVault/vaults/v/secrets/key`;
  const uriWithVersion = "https://v.example/secrets/key/1";
  const version = { status: 200, body: { properties: { secretUriWithVersion: uriWithVersion } } };
  const lock = `${account}/${ownLockPath}`;
  const secretValues = { vaultId: "unused", name: "key", value: "s3cret" };

  test.each<[string, () => unknown, { write: string; answers?: AzureServer["script"] }]>([
    [
      "deletion of a resource",
      () => armResource.delete(operation, queue, inputs as never),
      { write: `DELETE ${queue}` },
    ],
    [
      "deletion of a plan",
      () => appServicePlan.delete(operation, plan, {} as never),
      { write: `DELETE ${plan}`, answers: { [`GET ${app}`]: [gone] } },
    ],
    [
      "deletion of the app on a plan",
      () => appServicePlan.delete(operation, plan, {} as never),
      {
        write: `DELETE ${app}`,
        answers: { [`GET ${app}`]: [{ body: { properties: { serverFarmId: plan } } }], [`DELETE ${plan}`]: [done] },
      },
    ],
    ["deletion of an app", () => functionApp.delete(operation, app, {} as never), { write: `DELETE ${app}` }],
    ["deletion of a budget", () => budget.delete(operation, budgetId, {} as never), { write: `DELETE ${budgetId}` }],
    [
      "removal of the stack's own lock",
      () => armResource.delete(operation, queue, inputs as never),
      {
        write: `DELETE ${lock}`,
        answers: {
          [`DELETE ${queue}`]: [refusal("ScopeLocked"), done],
          [`GET ${lock}`]: [{ body: { properties: { level: "CanNotDelete" } } }],
          [`PUT ${lock}`]: [done],
        },
      },
    ],
    [
      "change of a secret",
      () => {
        const news = { ...secretValues, tags: { owner: "me" } };
        return vaultSecret.update?.(operation, secret, { news, olds: secretValues, outputs: { uriWithVersion } });
      },
      { write: `PATCH ${secret}`, answers: { [`GET ${secret}`]: [version], [`PATCH ${secret}`]: [busy, version] } },
    ],
    [
      "disabling of a secret",
      () => vaultSecret.delete(operation, secret, { ...secretValues, disableWhenDeleted: true }),
      { write: `PATCH ${secret}`, answers: { [`GET ${secret}`]: [version] } },
    ],
    [
      "writing of app settings",
      () => restoreSettings(operation, { siteId, settings: { A: "1" } }),
      {
        write: `PUT ${siteId}/config/appsettings`,
        answers: { [`POST ${siteId}/config/appsettings/list`]: [{ body: { properties: { A: "2" } } }] },
      },
    ],
  ])("%s", async (_, act, { write, answers }) => {
    azure.script = { [write]: [busy, done], ...answers };
    await act();
    const calls = azure.requests.map(({ method, url }) => `${method} ${url.split("?")[0]}`);
    expect(calls.filter((call) => call === write)).toHaveLength(2);
  });
});
