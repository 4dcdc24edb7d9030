import { RelayQueues } from "../../cli/relay/relay-queues.ts";
import { startAccount, type TestAccount } from "./storage-account.ts";

let reader: TestAccount;
beforeAll(async () => {
  reader = await startAccount(["Storage Blob Data Reader", "Storage Queue Data Reader"]);
}, 60_000);
afterAll(() => reader.stop());

test("a login that may only read can list, read, count and peek, and learns what a change needs", async () => {
  const { account, source } = reader;
  expect(await account.listDeadLetters()).toEqual([]);
  expect(await account.readDeadLetter("a")).toBeUndefined();
  expect(await account.readClaim("a")).toBeUndefined();
  expect(await account.peekEvents()).toEqual([]);
  const queues = await RelayQueues.open(source);
  expect(await queues.count()).toBe(0);
  const lacks = (role: string) => `Your Azure login lacks the role ${role} on the storage account relaystorage`;
  await expect(queues.take()).rejects.toThrow(lacks("Storage Queue Data Contributor"));
  await expect(account.enqueue("e30=")).rejects.toThrow(lacks("Storage Queue Data Contributor"));
  await expect(account.deleteDeadLetter("a", "1")).rejects.toThrow(lacks("Storage Blob Data Contributor"));
  await expect(account.deleteClaim("a")).rejects.toThrow(lacks("Storage Blob Data Contributor"));
  await expect(account.addDeadLetter("a", Buffer.from("{}"))).rejects.toThrow(lacks("Storage Blob Data Contributor"));
});
