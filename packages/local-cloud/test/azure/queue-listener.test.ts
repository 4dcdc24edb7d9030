import { QueueServiceClient } from "@azure/storage-queue";
import { HostLog } from "../../src/azure/function-host/host-log.ts";
import { QueueListener, type QueueListenerOptions } from "../../src/azure/function-host/queues/queue-listener.ts";
import { until } from "../until.ts";
import { startTestStorage, type TestStorage } from "./support.ts";

jest.setTimeout(60_000);

let storage: TestStorage;
let service: QueueServiceClient;

beforeAll(async () => {
  storage = await startTestStorage("listener");
  service = QueueServiceClient.fromConnectionString(storage.connectionString);
});
afterAll(() => storage.stop());

const settings = {
  batchSize: 4,
  newBatchThreshold: 2,
  visibilityTimeout: 0,
  maxDequeueCount: 5,
  maxPollingInterval: 100,
  messageEncoding: "none" as const,
};

async function listenerOn(name: string, run: QueueListenerOptions["run"], over: Partial<QueueListenerOptions> = {}) {
  const queue = service.getQueueClient(name);
  await queue.createIfNotExists();
  const listener = new QueueListener({
    queue,
    poisonQueue: service.getQueueClient(`${name}-poison`),
    functionName: "test",
    settings,
    lease: 600,
    log: new HostLog(() => undefined),
    poisoned: () => undefined,
    run,
    ...over,
  });
  return { queue, listener };
}

async function countOf(queue: ReturnType<QueueServiceClient["getQueueClient"]>): Promise<number> {
  return (await queue.getProperties()).approximateMessagesCount ?? 0;
}

test("on hold, it receives nothing until it is released, and holds no message once the hold has started", async () => {
  const waiting: (() => void)[] = [];
  const { queue, listener } = await listenerOn("held", () => new Promise((resolve) => waiting.push(resolve)));
  const arrived = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { receiveMessages } = queue;
  // The storage has delivered a message, but its answer has not arrived yet.
  queue.receiveMessages = async (options) => {
    const answer = await receiveMessages.call(queue, options);
    if (answer.receivedMessageItems.length > 0) asked.resolve();
    await arrived.promise;
    return answer;
  };
  await queue.sendMessage("first");
  listener.start();
  await asked.promise;
  let isHeld = false;
  const held = listener.hold().then(() => {
    isHeld = true;
  });
  await queue.sendMessage("second");
  arrived.resolve();
  await until(
    async () => waiting.length,
    (started) => started === 1,
  );
  expect(isHeld).toBe(false);
  waiting[0]?.();
  await held;
  expect(await countOf(queue)).toBe(1);
  expect((await queue.peekMessages()).peekedMessageItems).toHaveLength(1);
  expect(waiting).toHaveLength(1);
  listener.release();
  await until(
    async () => waiting.length,
    (started) => started === 2,
  );
  waiting[1]?.();
  await listener.stop();
});

test("receives a batch, then another once at most the threshold is being processed", async () => {
  const waiting: (() => void)[] = [];
  const { queue, listener } = await listenerOn("batches", () => new Promise((resolve) => waiting.push(resolve)));
  for (let index = 0; index < 10; index++) await queue.sendMessage(`message ${index}`);
  listener.start();
  await until(
    async () => waiting.length,
    (started) => started === 4,
  );
  // Two are still running when the next four arrive: batchSize + newBatchThreshold is the maximum.
  waiting[0]?.();
  waiting[1]?.();
  await until(
    async () => waiting.length,
    (started) => started === 8,
  );
  expect(await countOf(queue)).toBe(8);
  for (const done of waiting) done();
  await until(
    async () => waiting.length,
    (started) => started === 10,
  );
  for (const done of waiting) done();
  await listener.stop();
  expect(await countOf(queue)).toBe(0);
});

test("a lease shorter than the work is renewed, so that one attempt suffices", async () => {
  let attempts = 0;
  const { queue, listener } = await listenerOn(
    "renewed",
    async () => {
      attempts += 1;
      await new Promise((resolve) => setTimeout(resolve, 2_500));
    },
    { lease: 1 },
  );
  await queue.sendMessage("long");
  listener.start();
  await until(
    () => countOf(queue),
    (count) => count === 0,
  );
  await listener.stop();
  expect(attempts).toBe(1);
});

test("a failed message is hidden for the visibility timeout and keeps its content", async () => {
  const attempts: [string, number][] = [];
  const { queue, listener } = await listenerOn(
    "hidden",
    async (text, { dequeueCount }) => {
      attempts.push([text, dequeueCount]);
      throw new Error("not now");
    },
    { settings: { ...settings, visibilityTimeout: 3_600_000 } },
  );
  await queue.sendMessage("later");
  listener.start();
  await until(
    async () => attempts.length,
    (count) => count === 1,
  );
  await listener.stop();
  expect(attempts).toEqual([["later", 1]]);
  expect((await queue.peekMessages()).peekedMessageItems).toEqual([]);
  expect(await countOf(queue)).toBe(1);
});

test("a message of a poison queue stays until its lease ends, and is withheld after the last hand-out", async () => {
  const counts: number[] = [];
  const { queue, listener } = await listenerOn(
    "work-poison",
    async (_text, { dequeueCount }) => {
      counts.push(dequeueCount);
      throw new Error("not now");
    },
    { poisonQueue: undefined, lease: 1, settings: { ...settings, maxDequeueCount: 2 } },
  );
  await queue.sendMessage("poisonous");
  listener.start();
  await until(
    async () => counts.length,
    (count) => count === 2,
  );
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await listener.stop();
  expect(counts).toEqual([1, 2]);
  expect(await countOf(queue)).toBe(1);
});

test("a function that deletes its own message does no harm", async () => {
  let attempts = 0;
  const { queue, listener } = await listenerOn("self-deleted", async (_text, { messageId, popReceipt }) => {
    attempts += 1;
    await queue.deleteMessage(messageId, popReceipt);
  });
  await queue.sendMessage("mine");
  listener.start();
  await until(
    async () => attempts,
    (count) => count === 1,
  );
  await listener.stop();
  expect(await countOf(queue)).toBe(0);
});

test("a queue that is created later is found", async () => {
  const texts: string[] = [];
  const queue = service.getQueueClient("late");
  const { listener } = await listenerOn("other", async (text) => void texts.push(text), { queue });
  listener.start();
  await queue.create();
  await queue.sendMessage("hello");
  await until(
    async () => texts,
    (found) => found.length === 1,
  );
  await listener.stop();
  expect(texts).toEqual(["hello"]);
});
