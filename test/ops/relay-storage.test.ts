import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { blobRole, queueRole, startAccount, type TestAccount } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole]);
}, 60_000);
afterAll(() => operator.stop());

const blob = (container: string, name: string) =>
  new BlobServiceClient(operator.endpoints.blob, new DefaultAzureCredential())
    .getContainerClient(container)
    .getBlockBlobClient(name);

async function write(name: string, text: string): Promise<void> {
  await blob("dead-letters", name).upload(text, Buffer.byteLength(text));
}

test("dead letters are listed with the time at which they were written, and read with their version", async () => {
  const before = Date.now() - 1_000;
  await write("2026/11/20/a.json", "Zoë");
  const [entry] = await operator.account.deadLetters();
  expect(entry?.name).toBe("2026/11/20/a.json");
  expect(entry?.writtenAt.getTime()).toBeGreaterThanOrEqual(before);
  const read = await operator.account.readDeadLetter("2026/11/20/a.json");
  expect(read?.text).toBe("Zoë");
  expect(await operator.account.readDeadLetter("2026/11/20/gone.json")).toBeUndefined();
});

test("a dead letter is removed only as it was read", async () => {
  await write("b.json", "first");
  const first = await operator.account.readDeadLetter("b.json");
  await write("b.json", "died again");
  expect(await operator.account.removeDeadLetter("b.json", first?.etag ?? "")).toBe(false);
  const second = await operator.account.readDeadLetter("b.json");
  expect(second?.text).toBe("died again");
  expect(await operator.account.removeDeadLetter("b.json", second?.etag ?? "")).toBe(true);
  expect(await operator.account.readDeadLetter("b.json")).toBeUndefined();
});

test("one that is gone already is no error", async () => {
  await expect(operator.account.removeDeadLetter("never.json", '"0x1"')).resolves.toEqual(expect.any(Boolean));
});

test("a message never expires, and a claim is there as it was given", async () => {
  await operator.account.enqueue("e30=");
  const queue = new QueueServiceClient(operator.endpoints.queue, new DefaultAzureCredential()).getQueueClient("events");
  const { peekedMessageItems } = await queue.peekMessages();
  expect(peekedMessageItems.map(({ messageText, expiresOn }) => [messageText, expiresOn.getUTCFullYear()])).toEqual([
    ["e30=", 9999],
  ]);
  await operator.account.putClaim("c.json", '{"name":"Zoë"}');
  expect((await blob("claims", "c.json").downloadToBuffer()).toString()).toBe('{"name":"Zoë"}');
});
