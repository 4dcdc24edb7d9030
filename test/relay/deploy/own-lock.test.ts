import { armResource } from "../../../relay/deploy/resources/arm/arm-resource.ts";
import { ownLockPath } from "../../../relay/deploy/resources/arm/own-lock.ts";
import { type AzureServer, failure, gone, operationOn, type TestOperation, useAzure } from "./azure-server.ts";

const account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";
const container = `${account}/blobServices/default/containers/claims`;
const path = "providers/Microsoft.Authorization/roleAssignments/r";
const lockId = `${account}/${ownLockPath}`;
const properties = { level: "CanNotDelete", notes: "of this stack" };

const locked = { status: 409, body: { error: { code: "ScopeLocked", message: "Please remove the lock." } } };
const lock = { status: 200, body: { properties } };
const done = { status: 200 };

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
  azure.script = { [`GET ${lockId}`]: [lock], [`DELETE ${lockId}`]: [done], [`PUT ${lockId}`]: [lock] };
});

const remove = (parentId = account) => {
  const inputs = armResource.inputs.parse({ parentId, path, apiVersion: "2022-04-01" });
  return armResource.delete(operation, `${parentId}/${path}`, inputs as never);
};
const calls = () => azure.requests.map(({ method, url }) => `${method} ${url.split("?")[0]}`);

test.each([account, container])(
  "the stack's own lock is removed for a role on what it protects, or in it, and restored: %s",
  async (parentId) => {
    azure.script[`DELETE ${parentId}/${path}`] = [locked, done];
    await remove(parentId);
    expect(calls()).toEqual([
      `DELETE ${parentId}/${path}`,
      `GET ${lockId}`,
      `DELETE ${lockId}`,
      `DELETE ${parentId}/${path}`,
      `PUT ${lockId}`,
    ]);
    expect(azure.requests.at(-1)?.json).toEqual({ properties });
    expect(operation.shown).toEqual(["removing the stack's delete lock for a moment"]);
  },
);

test("it waits while Azure still refuses because of a lock that was just deleted", async () => {
  azure.script[`GET ${lockId}`] = [lock, gone];
  azure.script[`DELETE ${account}/${path}`] = [locked, locked, locked, done];
  await remove();
  expect(calls().filter((call) => call === `DELETE ${lockId}`)).toHaveLength(1);
  expect(calls().at(-1)).toBe(`PUT ${lockId}`);
});

test("another deletion of the same run may have removed it", async () => {
  azure.script[`GET ${lockId}`] = [gone];
  azure.script[`DELETE ${account}/${path}`] = [locked, done];
  await remove();
  expect(calls()).not.toContain(`PUT ${lockId}`);
});

test("a lock of another owner stays, and the refusal says what to do", async () => {
  azure.script[`GET ${lockId}`] = [gone];
  azure.script[`DELETE ${account}/${path}`] = [locked];
  const { message } = await failure(remove() as Promise<unknown>);
  expect(message).toContain("ScopeLocked");
  expect(message).toContain("az lock list --resource-group <resource group>");
  expect(calls().filter((call) => call.includes("/locks/") && !call.startsWith("GET"))).toEqual([]);
});

test("it is restored if the deletion fails or is interrupted", async () => {
  const refused = { status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } };
  azure.script[`DELETE ${account}/${path}`] = [locked, refused];
  expect((await failure(remove() as Promise<unknown>)).message).toContain("AuthorizationFailed");
  expect(calls().at(-1)).toBe(`PUT ${lockId}`);
  azure.restart();
  azure.script[`DELETE ${account}/${path}`] = [locked];
  const stopped = failure(remove() as Promise<unknown>);
  operation.clock.sleep = async () => operation.stop.abort(new Error("stopped"));
  expect((await stopped).message).toContain(`Azure did not delete ${account}/${path} (stopped)`);
  expect(calls().at(-1)).toBe(`PUT ${lockId}`);
});
