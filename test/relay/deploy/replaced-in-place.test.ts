import { definitionProvider } from "../../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import { customerIoAepPackage } from "../../../relay/deploy/provider.ts";
import { armResource } from "../../../relay/deploy/resources/arm/arm-resource.ts";
import { functionApp } from "../../../relay/deploy/resources/arm/function-app.ts";
import { type AzureServer, gone, operationOn, queueId, siteId, type TestOperation, useAzure } from "./azure-server.ts";

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const [parentId = "", path] = queueId.split(/\/(?=queueServices)/);
const queue = { parentId, path: path ?? "", apiVersion: "2024-01-01", body: { properties: {} } };
const site = {
  properties: { defaultHostName: "r.example", hostNameSslStates: [{ name: "s.example", hostType: "Repository" }] },
};
const app = {
  resourceGroupId: "/subscriptions/s/resourceGroups/g",
  siteName: "relay",
  body: { location: "westeurope" },
};
type State = Parameters<typeof armResource.delete>[2];
type AppState = Parameters<typeof functionApp.delete>[2];

function deletions(): string[] {
  return azure.calls().filter((call) => call.startsWith("DELETE"));
}

test("a replacement rewrites what exists under its name, and the end of the run does not delete it", async () => {
  azure.script = {
    [`GET ${queueId}`]: [{ body: {} }],
    [`PUT ${queueId}`]: [{ body: {} }],
    [`GET ${siteId}`]: [{ body: site }],
    [`PUT ${siteId}`]: [{ body: site }],
  };
  await armResource.create(operation, queue);
  await armResource.delete(operation, queueId, queue as unknown as State);
  await functionApp.create(operation, app);
  await functionApp.delete(operation, siteId, app as unknown as AppState);
  expect(deletions()).toEqual([]);
});

test("it is deleted when the engine asks again, and when it did not exist before", async () => {
  azure.script = {
    [`GET ${queueId}`]: [{ body: {} }, gone],
    [`PUT ${queueId}`]: [{ body: {} }],
    [`DELETE ${queueId}`]: [{ status: 204 }],
  };
  await armResource.create(operation, queue);
  await armResource.delete(operation, queueId, queue as unknown as State);
  await armResource.delete(operation, queueId, queue as unknown as State);
  expect(deletions()).toHaveLength(1);
  await armResource.create(operation, queue);
  await armResource.delete(operation, queueId, queue as unknown as State);
  expect(deletions()).toHaveLength(2);
});

test("a guard that alone is replaced refuses nothing, and the next deletion asks again", async () => {
  azure.script = { [`GET ${queueId}`]: [{ status: 403 }] };
  const provider = definitionProvider({ ...customerIoAepPackage, connect: () => operation.client });
  await provider.configure({ armUrl: `https://${azure.host}` });
  const type = "customerio-aep:index:RelayGuard";
  const progress = () => undefined;
  const call = { urn: `urn:pulumi:dev::t::${type}::guard`, type, name: "guard", signal: operation.signal };
  const guard = { ...call, progress, warn: progress };
  const inputs = { delivery: "relay", queueId };
  // As `pulumi up --replace` does: without the former inputs and without a comparison.
  await provider.check(guard, { olds: {}, news: inputs });
  await provider.create(guard, { inputs, preview: false });
  await provider.delete(guard, { id: "guard", state: inputs });
  expect(azure.calls()).toEqual([]);
  await expect(provider.delete(guard, { id: "guard", state: inputs })).rejects.toThrow("403");
});

test("the next run does not delete the former state of a killed replacement that has the same id", async () => {
  azure.script = { [`DELETE ${queueId}`]: [{ status: 204 }] };
  const calls = (name: string) => ({
    urn: `urn:pulumi:dev::t::customerio-aep:index:ArmResource::${name}`,
    type: "customerio-aep:index:ArmResource",
    name,
    signal: operation.signal,
    progress: () => undefined,
    warn: () => undefined,
  });
  const provider = definitionProvider({ ...customerIoAepPackage, connect: () => operation.client });
  await provider.configure({ armUrl: `https://${azure.host}` });
  const [present, removed] = [calls("present"), calls("removed")];
  await provider.diff(present, { id: queueId, olds: queue, state: queue, news: queue });
  await provider.delete(present, { id: queueId, state: queue });
  expect(deletions()).toEqual([]);
  await provider.delete(removed, { id: queueId, state: queue });
  expect(deletions()).toHaveLength(1);
});
