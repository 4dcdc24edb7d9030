import { QueueServiceClient } from "@azure/storage-queue";
import type { Provider } from "../../../pulumi-provider-kit/src/engine/provider.ts";
import { callerToken, callOf, groupId, inGroup, make, remove, startAzureWithGroup, type TestAzure } from "./support.ts";

jest.setTimeout(60_000);

let cloud: TestAzure;
let provider: Provider;
let queueId: string;
let queueEndpoint: string;

beforeAll(async () => {
  cloud = await startAzureWithGroup();
  provider = cloud.azure.provider;
  const args = { ...inGroup, accountName: "arm", kind: "StorageV2", sku: { name: "Standard_LRS" } };
  const account = await make(provider, "storage:StorageAccount", "account", args);
  queueEndpoint = (account.properties.primaryEndpoints as { queue: string }).queue;
  queueId = (await make(provider, "storage:Queue", "events", { ...inGroup, accountName: "arm" })).id;
});
afterAll(() => cloud.stop());

async function arm(
  method: string,
  path: string,
  options: { token?: string | null; version?: string; body?: object } = {},
) {
  const token = options.token === undefined ? await callerToken(provider) : options.token;
  const version = options.version ?? "?api-version=2024-01-01";
  const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(cloud.azure.armUrl + path + version, {
    method,
    headers,
    ...(options.body && { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
const code = async (answer: ReturnType<typeof arm>) => {
  const { status, body } = await answer;
  return [status, body?.error?.code];
};

test("a queue returns its approximate number of messages", async () => {
  const { keys } = (await provider.invoke("azure-native:storage:listStorageAccountKeys", {
    ...inGroup,
    accountName: "arm",
  })) as unknown as {
    keys: { value: { value: string } }[];
  };
  const connection = `DefaultEndpointsProtocol=https;AccountName=arm;AccountKey=${keys[0]?.value.value};QueueEndpoint=${queueEndpoint}`;
  const queue = QueueServiceClient.fromConnectionString(connection).getQueueClient("events");
  await queue.sendMessage("one");
  await queue.sendMessage("two", { visibilityTimeout: 600 });
  expect(await arm("GET", queueId)).toEqual({
    status: 200,
    body: {
      id: queueId,
      name: "events",
      type: "Microsoft.Storage/storageAccounts/queueServices/queues",
      properties: { approximateMessageCount: 2 },
    },
  });
});

test("a queue's metadata is replaced as a whole, and returned by the queue itself", async () => {
  const marked = await arm("PATCH", queueId, { body: { properties: { metadata: { intake: "open", owner: "team" } } } });
  expect(marked).toMatchObject({ status: 200, body: { properties: { metadata: { intake: "open", owner: "team" } } } });
  await arm("PATCH", queueId, { body: { properties: { metadata: { intake: "closed" } } } });
  expect(await arm("GET", queueId)).toMatchObject({ body: { properties: { metadata: { intake: "closed" } } } });
});

test("a queue that exists is not created again with other metadata", async () => {
  const metadata = { intake: "closed" };
  expect((await arm("PUT", queueId, { body: { properties: { metadata } } })).status).toBe(200);
  expect(await code(arm("PUT", queueId, { body: { properties: {} } }))).toEqual([409, "QueueAlreadyExists"]);
  expect(await arm("GET", queueId)).toMatchObject({ body: { properties: { metadata } } });
});

test("a workbook is returned with its content only if the call asks for it", async () => {
  const id = `${groupId}/providers/Microsoft.Insights/workbooks/0a1b2c3d-0000-4000-8000-000000000000`;
  const properties = { displayName: "Relay", category: "workbook", serializedData: "{}" };
  const body = { location: "westeurope", kind: "shared", properties };
  expect((await arm("PUT", id, { body })).status).toBe(201);
  const read = async (more: string) => (await arm("GET", id, { version: `?api-version=2023-06-01${more}` })).body;
  expect((await read("")).properties).toMatchObject({ ...properties, serializedData: null });
  expect((await read("&canFetchContent=true")).properties).toMatchObject(properties);
});

test("an account's queues are listed in pages, with their metadata and without the number of messages", async () => {
  const declare = (queueName: string) =>
    make(provider, "storage:Queue", queueName, { ...inGroup, accountName: "arm", queueName });
  const [made, last] = [await declare("another"), await declare("last")];
  const [queues = ""] = queueId.split(/\/events$/);
  const type = "Microsoft.Storage/storageAccounts/queueServices/queues";
  const value = [
    { id: made.id, name: "another", type, properties: {} },
    { id: queueId, name: "events", type, properties: { metadata: { intake: "closed" } } },
  ];
  const nextLink = `${cloud.azure.armUrl}${queues}?api-version=2024-01-01&%24skiptoken=2`;
  expect(await arm("GET", queues)).toEqual({ status: 200, body: { value, nextLink } });
  const next = await arm("GET", queues, { version: new URL(nextLink).search });
  expect(next.body).toEqual({ value: [{ id: last.id, name: "last", type, properties: {} }], nextLink: null });
  for (const { id } of [made, last]) await arm("DELETE", id);
  expect(await code(arm("GET", queues.replace("/arm/", "/nowhere/")))).toEqual([404, "ResourceNotFound"]);
});

test("refuses a call without a valid token, version or subscription", async () => {
  expect(await code(arm("GET", queueId, { token: null }))).toEqual([401, "AuthenticationFailed"]);
  expect(await code(arm("GET", queueId, { token: "x" }))).toEqual([401, "InvalidAuthenticationToken"]);
  const forStorage = await callerToken(provider, "https://storage.azure.com");
  expect(await code(arm("GET", queueId, { token: forStorage }))).toEqual([401, "InvalidAuthenticationTokenAudience"]);
  const classic = await callerToken(provider, "https://management.core.windows.net/");
  expect((await arm("GET", queueId, { token: classic })).status).toBe(200);
  expect(await code(arm("GET", queueId, { version: "" }))).toEqual([400, "MissingApiVersionParameter"]);
  const elsewhere = "/subscriptions/99999999-0000-4000-8000-000000000000/resourceGroups/group";
  expect(await code(arm("GET", elsewhere))).toEqual([403, "AuthorizationFailed"]);
});

test("a PUT creates a resource or updates an existing one, which azure-native refuses to create", async () => {
  const container = queueId.replace("queueServices/default/queues/events", "blobServices/default/containers/claims");
  const put = (id: string, body: object) => arm("PUT", id, { body });
  expect((await put(container, { properties: {} })).status).toBe(201);
  expect((await put(container, { properties: {} })).status).toBe(200);
  const accountName = "arm";
  const again = make(provider, "storage:BlobContainer", "claims", { ...inGroup, accountName, containerName: "claims" });
  await expect(again).rejects.toThrow(`cannot create already existing resource '${container}'`);
  expect(await code(put(container.replace("/arm/", "/nowhere/"), { properties: {} }))).toEqual([
    404,
    "ParentResourceNotFound",
  ]);
});

test("the name of a deleted queue or container is refused until Azure has removed the old one", async () => {
  const body = { properties: {} };
  const queue = queueId.replace(/events$/, "short-lived");
  const container = queueId.replace("queueServices/default/queues/events", "blobServices/default/containers/lived");
  for (const id of [queue, container]) {
    expect((await arm("PUT", id, { body })).status).toBe(201);
    expect((await arm("DELETE", id)).status).toBe(200);
  }
  expect(await code(arm("PUT", queue, { body }))).toEqual([409, "QueueBeingDeleted"]);
  expect(await code(arm("PUT", container, { body }))).toEqual([409, "ContainerBeingDeleted"]);
  cloud.azure.change({ deletedNameSeconds: 0 });
  for (const id of [queue, container]) {
    expect((await arm("PUT", id, { body })).status).toBe(201);
    expect((await arm("DELETE", id)).status).toBe(200);
  }
  cloud.azure.change({ deletedNameSeconds: 30 });
});

test.each(["ab", "a".repeat(64)])("a queue can't have the name %s", async (name) => {
  const queue = queueId.replace(/events$/, name);
  expect(await code(arm("PUT", queue, { body: { properties: {} } }))).toEqual([400, "InvalidResourceName"]);
});

test("reports missing resources as Azure does", async () => {
  expect(await code(arm("GET", `${queueId}x`))).toEqual([404, "ResourceNotFound"]);
  expect(await code(arm("GET", queueId.replace("/group/", "/nowhere/")))).toEqual([404, "ResourceGroupNotFound"]);
  const site = `${groupId}/providers/Microsoft.Web/sites/nowhere`;
  expect(await code(arm("POST", `${site}/syncfunctiontriggers`))).toEqual([404, "ResourceNotFound"]);
  expect(await code(arm("GET", `${site}/functions`))).toEqual([404, "ResourceNotFound"]);
  expect(await code(arm("PATCH", groupId, { body: {} }))).toEqual([405, "MethodNotAllowed"]);
});

test("a resource that was deleted by hand is gone at the next refresh", async () => {
  const made = await make(provider, "storage:Queue", "byhand", { ...inGroup, accountName: "arm" });
  expect((await arm("DELETE", made.id)).status).toBe(200);
  expect((await arm("DELETE", made.id)).status).toBe(204);
  expect(await provider.read(made.call, { id: made.id, inputs: made.inputs, state: made.properties })).toBeUndefined();
  expect((await cloud.azure.queues()).map(({ queue }) => queue)).toEqual(["events"]);
});

test("a resource that is still being created is deleted with its group", async () => {
  const scope = { resourceGroupName: "short-lived" };
  const group = await make(provider, "resources:ResourceGroup", "short-lived", { ...scope, location: "westeurope" });
  const call = callOf("storage:StorageAccount", "account");
  const news = { ...scope, accountName: "shortlived", kind: "StorageV2", sku: { name: "Standard_LRS" } };
  const { inputs } = await provider.check(call, { olds: {}, news });
  await Promise.all([provider.create(call, { inputs, preview: false }), remove(provider, group)]);
  expect(cloud.azure.census().resources["azure-native:storage:StorageAccount"]).toBe(1);
});
