import { BlobServiceClient } from "@azure/storage-blob";
import { poisonHandler } from "../../relay/azure/delivery/poison.ts";
import type { EnqueueOptions } from "../../relay/azure/storage/event-queues.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";
import { claimBody, newEvent } from "../../relay/core/event/envelope.ts";
import { jsonOf } from "../../relay/core/event/json.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import host from "../../relay/host.json" with { type: "json" };
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { invocation } from "./support/invocation.ts";
import { openForwarder } from "./support/open-ports.ts";

const now = new Date("2026-11-20T10:00:00.000Z");
const event = (id: string) =>
  newEvent({ id, receivedAt: "2026-11-19T10:00:00.000Z", body: `{"event_id":"${id}","timestamp":1}` });

let azurite: Azurite;
let storage: RelayStorageClient;
beforeAll(async () => {
  azurite = await startAzurite();
  storage = new RelayStorageClient({ connectionString: azurite.connectionString });
});
beforeEach(() => azurite.reset());
afterAll(() => azurite.stop());

async function poison(
  message: unknown,
  {
    dequeueCount = 1,
    ...ports
  }: { storage?: Parameters<typeof poisonHandler>[0]["storage"]; dequeueCount?: number } = {},
) {
  const { context, lines } = invocation({
    insertionTime: "2026-11-19T10:00:00Z",
    dequeueCount: String(dequeueCount),
  });
  const handler = poisonHandler({
    queue: queueNames.poison,
    storage,
    room: openForwarder.room,
    clock: () => now,
    ...ports,
  });
  await handler(message, context);
  return lines.map(({ level, outcome }) => ({ ...outcome, level }));
}

test("each event of a poison message becomes a dead letter, also one with a claim", async () => {
  const large = event("large");
  await storage.putClaim("2026/11/19/large.json", large.body, AbortSignal.timeout(5_000));
  const outcomes = await poison({ version: 1, events: [event("a"), claimBody(large, "2026/11/19/large.json")] });
  expect((await azurite.deadLetters()).map(({ class: why, eventId, body }) => [why, eventId, body])).toEqual([
    ["poison", "a", event("a").body],
    ["poison", "large", large.body],
  ]);
  expect(await azurite.blobNames(containerNames.claims)).toEqual([]);
  expect(outcomes).toMatchObject([
    { level: "error", outcome: "dead", dead: 1, ids: ["a"], reason: "poison" },
    { level: "error", outcome: "dead", dead: 1, ids: ["large"], reason: "poison" },
  ]);
});

test("a second run writes the same dead letters, and skips claims that the first has finished", async () => {
  await storage.putClaim("2026/11/19/large.json", "{}", AbortSignal.timeout(5_000));
  const message = { version: 1, events: [event("a"), claimBody(event("large"), "2026/11/19/large.json")] };
  await poison(message);
  await poison(message);
  expect(await azurite.blobNames(containerNames.deadLetters)).toHaveLength(2);
});

test("what the forwarder's dead letter says stays, in a version that a replay of the former one does not delete", async () => {
  const refused = deadEvent(event("a"), event("a").body, { class: "refused", reason: "HTTP 422", now });
  await storage.putDeadLetter(refused, AbortSignal.timeout(5_000));
  const versionOf = async () => {
    const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
      "dead-letters",
    );
    return (await container.getBlobClient(refused.name).getProperties()).etag;
  };
  const before = await versionOf();
  await poison({ version: 1, events: [event("a"), event("b")] });
  expect((await azurite.deadLetters()).map(({ class: why, eventId }) => [eventId, why]).sort()).toEqual([
    ["a", "refused"],
    ["b", "poison"],
  ]);
  expect(await versionOf()).not.toBe(before);
});

test("a repeated call whose event is a dead letter already counts as gone, but the forwarder's own dead letter counts as dead", async () => {
  const refused = (made: ReturnType<typeof event>) =>
    deadEvent(made, made.body, { class: "refused", reason: "HTTP 422", now });
  await storage.putDeadLetter(refused(event("a")), AbortSignal.timeout(5_000), event("a").receivedAt);
  await storage.putDeadLetter(refused(event("b")), AbortSignal.timeout(5_000), event("b").receivedAt);
  const repeated = { ...event("b"), receivedAt: "2026-11-19T10:05:00.000Z" };
  const replayed = { ...event("b"), receivedAt: "2026-11-19T10:05:00.000Z", queuedAt: now.toISOString() };
  const first = await poison({ version: 1, events: [event("a"), repeated, replayed] });
  expect((first as { dead?: number; gone?: number }[]).map(({ dead, gone }) => [dead, gone])).toEqual([
    [1, undefined],
    [0, 1],
    [1, undefined],
  ]);
});

test("a message that can't be read becomes a dead letter unchanged", async () => {
  await poison("hello");
  expect(await azurite.deadLetters()).toMatchObject([
    { class: "unreadable", body: "hello", receivedAt: "2026-11-19T10:00:00.000Z" },
  ]);
});

/** Once the host has handed out a message of a poison queue more often, it never runs the function for it again. */
const { maxDequeueCount } = host.extensions.queues;

test.each([maxDequeueCount - 2, maxDequeueCount - 1, maxDequeueCount])(
  "after failures, its hand-out %i renews a message, before the host withholds it",
  async (dequeueCount) => {
    const large = claimBody(event("large"), "2026/11/19/large.json");
    for (const message of [{ version: 1, events: [event("a"), large] }, "hello", { version: 2 }]) {
      const put: { content: unknown; queue?: string | undefined; delaySeconds: number }[] = [];
      const enqueue = async (text: string, { queue, delaySeconds }: EnqueueOptions) => {
        put.push({ content: contentOf(text), queue, delaySeconds });
      };
      const unused = () => Promise.reject(new Error("not expected"));
      const recording = {
        enqueue,
        readClaim: unused,
        deleteClaim: unused,
        putDeadLetter: unused,
        addDeadLetter: unused,
      };
      expect(await poison(message, { storage: recording, dequeueCount })).toEqual([]);
      expect(put).toEqual([{ content: message, queue: queueNames.poison, delaySeconds: 600 }]);
    }
  },
);

/** As the Functions library passes the content of a message. */
function contentOf(text: string): unknown {
  const content = Buffer.from(text, "base64").toString("utf8");
  return jsonOf(content) ?? content;
}

test("a renewal that fails throws, so that the next hand-out tries it again", async () => {
  const unused = () => Promise.reject(new Error("not expected"));
  const enqueue = () => Promise.reject(new Error("queue is away"));
  const failing = { enqueue, readClaim: unused, deleteClaim: unused, putDeadLetter: unused, addDeadLetter: unused };
  await expect(poison("hello", { storage: failing, dequeueCount: maxDequeueCount })).rejects.toThrow("queue is away");
});

test("if a dead letter can't be written it throws, so that the message stays", async () => {
  const failing = {
    enqueue: storage.enqueue.bind(storage),
    readClaim: storage.readClaim.bind(storage),
    deleteClaim: storage.deleteClaim.bind(storage),
    putDeadLetter: storage.putDeadLetter.bind(storage),
    addDeadLetter: () => Promise.reject(new Error("container is gone")),
  };
  await expect(poison({ version: 1, events: [event("a")] }, { storage: failing })).rejects.toThrow("container is gone");
});
