import { poisonHandler } from "../../relay/azure/delivery/poison.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { claimBody, newEvent } from "../../relay/core/event/envelope.ts";
import { containerNames } from "../../relay/core/names.ts";
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
  ports: { storage: Parameters<typeof poisonHandler>[0]["storage"] } = { storage },
) {
  const { context, lines } = invocation({ insertionTime: "2026-11-19T10:00:00Z" });
  await poisonHandler({ ...ports, room: openForwarder.room, clock: () => now })(message, context);
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

test("a message that can't be read becomes a dead letter unchanged", async () => {
  await poison("hello");
  expect(await azurite.deadLetters()).toMatchObject([
    { class: "unreadable", body: "hello", receivedAt: "2026-11-19T10:00:00.000Z" },
  ]);
});

test("if a dead letter can't be written it throws, so that the message stays", async () => {
  const failing = {
    readClaim: storage.readClaim.bind(storage),
    deleteClaim: storage.deleteClaim.bind(storage),
    putDeadLetter: () => Promise.reject(new Error("container is gone")),
  };
  await expect(poison({ version: 1, events: [event("a")] }, { storage: failing })).rejects.toThrow("container is gone");
});
