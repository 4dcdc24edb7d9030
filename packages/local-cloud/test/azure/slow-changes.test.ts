import { setTimeout as sleep } from "node:timers/promises";
import type { Resource } from "../../src/azure/arm/subscription.ts";
import { SlowChanges } from "../../src/azure/network/slow-changes.ts";
import { until } from "../until.ts";
import { callerToken, groupId, inGroup, make, startAzureWithGroup, type TestAzure } from "./support.ts";

jest.setTimeout(60_000);

let cloud: TestAzure;
let accountId: string;
const account = { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } };

beforeAll(async () => {
  cloud = await startAzureWithGroup();
  const args = { ...inGroup, accountName: "slow", ...account };
  accountId = (await make(cloud.azure.provider, "storage:StorageAccount", "account", args)).id;
});
afterAll(() => cloud.stop());

async function arm(method: string, id: string, body?: object) {
  const response = await fetch(`${cloud.azure.armUrl}${id}?api-version=2024-05-01`, {
    method,
    headers: { Authorization: `Bearer ${await callerToken(cloud.azure.provider)}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, says: answer?.error?.code ?? answer?.properties?.provisioningState };
}

const networkOf = (name: string) => `${groupId}/providers/Microsoft.Network/virtualNetworks/${name}`;
const network = {
  location: "westeurope",
  properties: { addressSpace: {}, subnets: [{ name: "endpoints", properties: {} }] },
};
const endpointId = (name: string) => `${groupId}/providers/Microsoft.Network/privateEndpoints/${name}`;
const endpointIn = (name: string) => ({
  location: "westeurope",
  properties: {
    subnet: { id: `${networkOf(name)}/subnets/endpoints` },
    privateLinkServiceConnections: [
      { name: "a", properties: { privateLinkServiceId: accountId, groupIds: ["queue"] } },
    ],
  },
});
const waitFor = (id: string) =>
  until(
    () => arm("GET", id),
    ({ says }) => says === "Succeeded",
  );

test("the network provider answers before it has finished, and refuses other changes until then", async () => {
  const [net, endpoint] = [networkOf("slow"), endpointId("slow")];
  expect(await arm("PUT", net, network)).toEqual({ status: 201, says: "Updating" });
  expect(await arm("PUT", net, network)).toEqual({ status: 429, says: "AnotherOperationInProgress" });
  expect(await arm("DELETE", net)).toEqual({ status: 429, says: "AnotherOperationInProgress" });
  expect(await arm("PUT", endpoint, endpointIn("slow"))).toEqual({ status: 429, says: "RetryableError" });
  await waitFor(net);
  expect(await arm("PUT", endpoint, endpointIn("slow"))).toEqual({ status: 201, says: "Updating" });
  expect(await arm("PUT", endpointId("other"), endpointIn("slow"))).toEqual({ status: 429, says: "RetryableError" });
  const queue = `${accountId}/queueServices/default/queues/events`;
  const writes = [[queue, { properties: {} }] as const, [accountId, account] as const];
  for (const [id, body] of writes) {
    expect(await arm("PUT", id, body)).toEqual({ status: 409, says: "StorageAccountOperationInProgress" });
  }
  await waitFor(endpoint);
  await waitFor(net);
  for (const [id, body] of writes) expect((await arm("PUT", id, body)).status).toBeLessThan(300);
});

test("what is being deleted still counts", async () => {
  const [net, endpoint] = [networkOf("slow"), endpointId("slow")];
  expect(await arm("DELETE", endpoint)).toMatchObject({ status: 202 });
  expect(await arm("DELETE", endpoint)).toMatchObject({ status: 202 });
  expect(await arm("GET", endpoint)).toEqual({ status: 200, says: "Deleting" });
  expect((await arm("DELETE", net)).status).toBeGreaterThanOrEqual(400);
  await until(
    () => arm("GET", endpoint),
    ({ status }) => status === 404,
  );
  expect(await arm("DELETE", endpoint)).toMatchObject({ status: 204 });
  expect(
    await until(
      () => arm("DELETE", net),
      ({ status }) => status < 400,
    ),
  ).toMatchObject({ status: 202 });
});

test("with a switch, all of it is done at once", async () => {
  cloud.azure.change({ networkSeconds: 0 });
  const [net, endpoint] = [networkOf("fast"), endpointId("fast")];
  expect(await arm("PUT", net, network)).toEqual({ status: 201, says: "Succeeded" });
  expect(await arm("PUT", endpoint, endpointIn("fast"))).toEqual({ status: 201, says: "Succeeded" });
  expect(await arm("DELETE", endpoint)).toMatchObject({ status: 200 });
  expect(await arm("GET", endpoint)).toMatchObject({ status: 404 });
  expect(await arm("DELETE", net)).toMatchObject({ status: 200 });
});

test("a change that fails says so once it ends, and until the next one", async () => {
  const changes = new SlowChanges();
  const resource = { id: "/Endpoint" } as Resource;
  changes.begin(resource, "Updating", { seconds: 0.05, fails: true });
  expect(changes.stateOf("/endpoint")).toBe("Updating");
  await sleep(60);
  expect(changes.stateOf("/endpoint")).toBe("Failed");
  changes.begin(resource, "Updating", { seconds: 0 });
  expect(changes.stateOf("/endpoint")).toBeUndefined();
});
