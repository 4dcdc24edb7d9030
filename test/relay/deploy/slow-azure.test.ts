import { setTimeout as wait } from "node:timers/promises";
import {
  callerToken,
  groupId,
  inGroup,
  make,
  startAzureWithGroup,
  type TestAzure,
} from "../../../packages/local-cloud/test/azure/support.ts";
import type { Operation } from "../../../packages/pulumi-provider-kit/src/definition/resource-definition.ts";
import { AzureClient } from "../../../relay/deploy/client/client.ts";
import { armResource } from "../../../relay/deploy/resources/arm/arm-resource.ts";

jest.setTimeout(90_000);

// Against the local cloud, whose network provider takes a second for each change.

let cloud: TestAzure;
let accountId: string;
let operation: Operation<AzureClient>;

beforeAll(async () => {
  cloud = await startAzureWithGroup();
  const args = { ...inGroup, accountName: "slow", kind: "StorageV2", sku: { name: "Standard_LRS" } };
  accountId = (await make(cloud.azure.provider, "storage:StorageAccount", "account", args)).id;
  // Waits are shortened; their order stays the same.
  const sleep = async (milliseconds: number) => void (await wait(Math.min(300, milliseconds / 10)));
  const clock = { now: Date.now, monotonic: () => performance.now(), sleep };
  const login = () => callerToken(cloud.azure.provider);
  const client = new AzureClient({ armUrl: cloud.azure.armUrl }, { login, clock });
  const signal = new AbortController().signal;
  const progress = () => undefined;
  operation = { client, signal, progress, warn: progress } as Partial<Operation<AzureClient>> as Operation<AzureClient>;
});
afterAll(() => cloud.stop());

const apiVersion = "2024-05-01";
const network = "providers/Microsoft.Network";

function part(parentId: string, path: string, body: Record<string, unknown>) {
  return { parentId, path, apiVersion, body };
}

const endpoint = (name: string) =>
  part(groupId, `${network}/privateEndpoints/${name}`, {
    location: "westeurope",
    properties: {
      subnet: { id: `${groupId}/${network}/virtualNetworks/net/subnets/endpoints` },
      privateLinkServiceConnections: [{ name, properties: { privateLinkServiceId: accountId, groupIds: [name] } }],
    },
  });
const queue = (name: string) => part(accountId, `queueServices/default/queues/${name}`, { properties: {} });
const idOf = ({ parentId, path }: ReturnType<typeof part>) => `${parentId}/${path}`;
const stateOf = async (one: ReturnType<typeof part>) => {
  const found = await operation.client.armGet(idOf(one), apiVersion, operation.signal);
  return (found as { properties?: { provisioningState?: string } } | undefined)?.properties?.provisioningState;
};

test("a private network is created and deleted, although Azure is busy with each part for a while", async () => {
  const subnets = [{ name: "endpoints", properties: {} }];
  const net = part(groupId, `${network}/virtualNetworks/net`, {
    location: "westeurope",
    properties: { addressSpace: {}, subnets },
  });
  const zone = part(groupId, `${network}/privateDnsZones/privatelink.queue.core.windows.net`, { location: "global" });
  const link = part(idOf(zone), "virtualNetworkLinks/net", {
    location: "global",
    properties: { virtualNetwork: { id: idOf(net) } },
  });
  for (const one of [net, zone, link]) await armResource.create(operation, one);

  // At the same time in one network, and while the account is being written.
  const queues = ["one", "two", "three", "four"].map(queue);
  const writeQueues = async () => {
    for (const one of queues) await armResource.create(operation, one);
  };
  const endpoints = ["blob", "queue"].map(endpoint);
  await Promise.all([...endpoints.map((one) => armResource.create(operation, one)), writeQueues()]);
  const records = part(idOf(endpoint("queue")), "privateDnsZoneGroups/default", {
    properties: { privateDnsZoneConfigs: [{ name: "queue", properties: { privateDnsZoneId: idOf(zone) } }] },
  });
  await armResource.create(operation, records);
  const all = [net, zone, link, ...endpoints, records];
  for (const one of all) expect(await stateOf(one)).toBe("Succeeded");
  expect((await cloud.azure.queues()).map(({ queue: name }) => name)).toEqual(["four", "one", "three", "two"]);

  for (const one of all.toReversed()) {
    await armResource.delete(operation, idOf(one), one as never);
    expect(await stateOf(one)).toBeUndefined();
  }
});

test("a queue is created again at once, although Azure is still removing the former one", async () => {
  cloud.azure.change({ deletedNameSeconds: 1 });
  const events = queue("events");
  await armResource.create(operation, events);
  await armResource.delete(operation, idOf(events), events as never);
  await armResource.create(operation, events);
  expect((await cloud.azure.queues()).map(({ queue: name }) => name)).toContain("events");
});
