import { definitionProvider } from "../../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import type { Provider, ResourceCall } from "../../../packages/pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../../packages/pulumi-provider-kit/src/engine/values.ts";
import { customerIoAepPackage } from "../../../relay/deploy/provider.ts";
import { type AzureServer, gone, operationOn, queueId, siteId, type TestOperation, useAzure } from "./azure-server.ts";

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const group = "/subscriptions/s/resourceGroups/g";
const [parentId = "", path] = queueId.split(/\/(?=queueServices)/);
const vaultId = `${group}/providers/Microsoft.KeyVault/vaults/v`;
const date = "Fri, 20 Nov 2026 10:00:00 GMT";
const secretUri = "https://v.vault.azure.net/secrets/key/1";
const site = {
  properties: { defaultHostName: "r.example", hostNameSslStates: [{ name: "s.example", hostType: "Repository" }] },
};

interface Kind {
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  /** Azure's answer to each read and write. */
  readonly body?: object;
}

const kinds: Record<string, Kind> = {
  "a queue": {
    type: "ArmResource",
    id: queueId,
    inputs: { parentId, path: path ?? "", apiVersion: "2024-01-01", body: { properties: {} } },
  },
  "the function app": {
    type: "FunctionApp",
    id: siteId,
    inputs: { resourceGroupId: group, siteName: siteId.split("/").at(-1) ?? "", body: { location: "westeurope" } },
    body: site,
  },
  "its plan": {
    type: "AppServicePlan",
    id: `${group}/providers/Microsoft.Web/serverfarms/relay`,
    inputs: { resourceGroupId: group, planName: "relay", body: {} },
    body: { location: "westeurope" },
  },
  "a budget": {
    type: "Budget",
    id: `${group}/providers/Microsoft.Consumption/budgets/relay`,
    inputs: { resourceGroupId: group, budgetName: "relay", amount: 5, actionGroupIds: ["/subscriptions/s/people"] },
  },
  "a secret in a vault that stays": {
    type: "VaultSecret",
    id: `${vaultId}/secrets/key`,
    inputs: { vaultId, name: "key", value: "s3cret", disableWhenDeleted: true },
    body: { properties: { secretUriWithVersion: secretUri } },
  },
  "the drain": {
    type: "QueueDrain",
    id: queueId,
    inputs: { queueId, timeoutSeconds: 60 },
    body: { properties: { approximateMessageCount: 0 } },
  },
};

/** Azure's part of a test about one kind. */
function answer({ id, body = {} }: Kind): void {
  const methods = ["GET", "PUT", "PATCH", "DELETE"];
  azure.script = {
    ...Object.fromEntries(methods.map((method) => [`${method} ${id}`, [{ headers: { date }, body }]])),
    // The plan looks for an app of its name.
    [`GET ${group}/providers/Microsoft.Web/sites/relay`]: [gone],
  };
}

async function startRun(): Promise<Provider> {
  const provider = definitionProvider({ ...customerIoAepPackage, connect: () => operation.client });
  await provider.configure({ armUrl: `https://${azure.host}` });
  return provider;
}

function callFor(kind: string, name = "relay"): ResourceCall {
  const type = `customerio-aep:index:${kind}`;
  const { signal, progress, warn } = operation;
  return { urn: `urn:pulumi:dev::t::${type}::${name}`, type, name, signal, progress, warn };
}

/** Calls that delete, disable or close something. */
function removals(): string[] {
  return azure.calls().filter((call) => /^(DELETE|PATCH)/.test(call));
}

/** As `pulumi up --replace` does: without the former inputs and without a comparison, so that the provider does not know the replaced one. */
async function replace(run: Provider, kind: Kind): Promise<void> {
  const call = callFor(kind.type);
  const { inputs } = await run.check(call, { olds: {}, news: kind.inputs });
  expect((await run.create(call, { inputs, preview: false })).id).toBe(kind.id);
}

describe.each(Object.entries(kinds))("%s that is replaced under the same id", (_name, kind) => {
  const former = { id: kind.id, state: kind.inputs };

  beforeEach(() => answer(kind));

  test("is not deleted at the end of the run, and the next destroy deletes it", async () => {
    const run = await startRun();
    await replace(run, kind);
    await run.delete(callFor(kind.type), former);
    expect(removals()).toEqual([]);
    await (await startRun()).delete(callFor(kind.type), former).catch(() => undefined);
    expect(removals()).not.toEqual([]);
  });

  test("is not deleted by the same command after one that was killed before it deleted the former entry", async () => {
    await replace(await startRun(), kind);
    const run = await startRun();
    await replace(run, kind);
    await run.delete(callFor(kind.type), former);
    await run.delete(callFor(kind.type), former);
    expect(removals()).toEqual([]);
  });

  test("is not deleted by a plain up after one that was killed before it deleted the former entry", async () => {
    const run = await startRun();
    const [call, inputs] = [callFor(kind.type), kind.inputs];
    await run.diff(call, { id: kind.id, olds: inputs, state: inputs, news: inputs });
    await run.delete(call, former);
    expect(removals()).toEqual([]);
    expect(operation.shown).toContain(`keeps ${kind.id}: the state had it twice, and the program still declares it`);
  });

  test("is not deleted under its former name in the program, nor in another spelling", async () => {
    const run = await startRun();
    await replace(run, kind);
    await run.delete(callFor(kind.type, "former"), {
      ...former,
      id: kind.id.replace("resourceGroups", "resourcegroups"),
    });
    expect(removals()).toEqual([]);
  });
});

test.each(Object.entries(kinds).filter(([, { type }]) => type !== "QueueDrain"))(
  "%s that Azure had lost is not deleted after its replacement has created it again",
  async (_name, kind) => {
    answer(kind);
    azure.script[`GET ${kind.id}`] = [gone, { headers: { date }, body: kind.body ?? {} }];
    const run = await startRun();
    await replace(run, kind);
    await run.delete(callFor(kind.type), { id: kind.id, state: kind.inputs });
    expect(removals()).toEqual([]);
  },
);

test("a guard that alone is replaced refuses nothing, and the next destroy asks again; one of another relay is asked at once", async () => {
  azure.script = { [`GET ${queueId}`]: [{ status: 403 }] };
  const guard = callFor("RelayGuard", "guard");
  const inputs = { delivery: "relay", queueId };
  const run = await startRun();
  await run.check(guard, { olds: {}, news: inputs });
  await run.create(guard, { inputs, preview: false });
  await run.delete(guard, { id: "guard", state: inputs });
  expect(azure.calls()).toEqual([]);
  // Of a component that was moved in the program, and so replaced.
  const other = { ...guard, urn: guard.urn.replace("::t::", "::t::my:index:Component$") };
  await expect(run.delete(other, { id: "guard", state: inputs })).rejects.toThrow("403");
  await expect((await startRun()).delete(guard, { id: "guard", state: inputs })).rejects.toThrow("403");
});
