import { RememberedDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { blobName } from "../../relay/core/blob-name.ts";
import { claimBody, encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { event, ForwarderWorld, message, now, receivedAt } from "./support/forwarder-world.ts";

let world: ForwarderWorld;
beforeAll(async () => {
  world = await ForwarderWorld.start();
});
beforeEach(() => world.reset());
afterAll(() => world.stop());

test("delivers each event of a message, enriched, and puts nothing back", async () => {
  const { delays, outcomes } = await world.forward(message(event("a", { metric: "sent" }), event("b")));
  expect(world.receivedIds()).toEqual(["a", "b"]);
  expect(world.platform.received.find(({ event_id }) => event_id === "a")).toMatchObject({
    metric: "sent",
    object_type: null,
    relay: { occurred_at: "2024-10-03T11:00:00.000Z", received_at: receivedAt },
  });
  expect(delays).toEqual([]);
  expect(outcomes).toEqual([
    {
      level: "information",
      outcome: "forwarded",
      delivered: 2,
      duplicate: 0,
      retried: 0,
      held: 0,
      gone: 0,
      oldestSeconds: 30,
      ageSeconds: 30,
      deliveredSeconds: 60,
      ids: ["a", "b"],
    },
  ]);
});

test("accepts a parsed message, as the Functions library passes it", async () => {
  const [text] = encodeEnvelopes([event("a")]);
  await world.forward(JSON.parse(Buffer.from(text ?? "", "base64").toString("utf8")));
  expect(world.receivedIds()).toEqual(["a"]);
});

test("sends at most sixteen events of a message at a time", async () => {
  await world.forward(message(...Array.from({ length: 40 }, (_, at) => event(`e${at}`))));
  expect(world.platform.received).toHaveLength(40);
  expect(world.platform.mostAtOnce()).toBeLessThanOrEqual(16);
});

describe("claims", () => {
  const large = event("large", { data: { content: "x".repeat(60_000) } });
  const claim = blobName(large);
  const queued = claimBody(large, claim);
  const claims = () => world.azurite.blobNames(containerNames.claims);
  beforeEach(() => world.storage.putClaim(claim, large.body, AbortSignal.timeout(5_000)));

  test("are read, delivered and deleted", async () => {
    await world.forward(message(queued));
    expect(world.receivedIds()).toEqual(["large"]);
    expect(await claims()).toEqual([]);
  });

  test("stay while their event waits", async () => {
    world.platform.answer = () => ({ status: 503 });
    await world.forward(message(queued));
    expect(await claims()).toEqual([claim]);
    expect(await world.azurite.takeEvents()).toMatchObject([[{ id: "large", claim, attempts: 1 }]]);
  });

  test("end in the dead letter of their event", async () => {
    world.platform.answer = () => ({ status: 413 });
    await world.forward(message(queued));
    expect(await claims()).toEqual([]);
    expect(await world.azurite.deadLetters()).toMatchObject([{ class: "refused", eventId: "large", body: large.body }]);
  });

  test("that are gone mean that an earlier run finished the event", async () => {
    await world.forward(message(queued));
    world.platform.reset();
    const { delays, outcomes } = await world.forward(message(queued, event("b")));
    expect(world.receivedIds()).toEqual(["b"]);
    expect(delays).toEqual([]);
    expect(outcomes).toMatchObject([{ level: "warning", delivered: 1, gone: 1, goneIds: ["large"] }]);
  });

  test("that can't be read make their event wait", async () => {
    const unreadable = {
      enqueue: world.storage.enqueue.bind(world.storage),
      readClaim: () => Promise.reject(new Error("server is busy")),
      deleteClaim: world.storage.deleteClaim.bind(world.storage),
      putDeadLetter: world.storage.putDeadLetter.bind(world.storage),
    };
    await world.forward(message(queued), {
      storage: {
        ...unreadable,
        enqueue: (text, options) => world.storage.enqueue(text, { ...options, delaySeconds: 0 }),
      },
    });
    expect(await world.azurite.takeEvents()).toMatchObject([
      [{ id: "large", claim, lastError: "the claim could not be read: server is busy" }],
    ]);
    expect(await claims()).toEqual([claim]);
  });

  test("that can't be deleted are left, since the event is delivered", async () => {
    const stuck = {
      enqueue: world.storage.enqueue.bind(world.storage),
      readClaim: world.storage.readClaim.bind(world.storage),
      deleteClaim: () => Promise.reject(new Error("blob has a lease")),
      putDeadLetter: world.storage.putDeadLetter.bind(world.storage),
    };
    const { outcomes } = await world.forward(message(queued), { storage: stuck });
    expect(outcomes).toMatchObject([
      { level: "warning", outcome: "claimLeft", claim, reason: "blob has a lease" },
      { outcome: "forwarded", delivered: 1 },
    ]);
  });
});

test("events that Platform has already are left out and counted, and their claims deleted", async () => {
  const large = event("large", { data: { content: "x".repeat(60_000) } });
  const claim = blobName(large);
  await world.storage.putClaim(claim, large.body, AbortSignal.timeout(5_000));
  const duplicates = new RememberedDuplicates({ tables: world.storage.tables, clock: () => now, windowDays: 7 });
  await world.forward(message(large), { duplicates });
  const { delays, outcomes } = await world.forward(message(claimBody(large, claim), event("b")), { duplicates });
  expect(world.receivedIds()).toEqual(["b", "large"]);
  expect(delays).toEqual([]);
  expect(outcomes).toMatchObject([
    { level: "information", delivered: 1, duplicate: 1, ids: ["b"], duplicateIds: ["large"] },
  ]);
  expect(await world.azurite.blobNames(containerNames.claims)).toEqual([]);
});

test("an event is looked up if the queue may have handed it out before, and not at its first time", async () => {
  const body = JSON.stringify({ event_id: "fresh", timestamp: Math.floor(Date.parse(receivedAt) / 1000) });
  const queued = message(newEvent({ id: "fresh", receivedAt, body }));
  const duplicates = () => new RememberedDuplicates({ tables: world.storage.tables, clock: () => now, windowDays: 9 });
  const forward = (metadata: Record<string, string>) => world.forward(queued, { duplicates: duplicates() }, metadata);
  await forward({ dequeueCount: "1" });
  const again: Record<string, string>[] = [{ dequeueCount: "2" }, {}];
  for (const metadata of again) {
    const { outcomes } = await forward(metadata);
    expect(outcomes).toMatchObject([{ duplicate: 1, duplicateIds: ["fresh"] }]);
  }
  expect(world.receivedIds()).toEqual(["fresh"]);
  // No call can repeat what was made in this moment, so another instance that sees it for the first time asks for nothing.
  const lookUp = jest.spyOn(world.storage.tables, "has");
  await forward({ dequeueCount: "1" });
  expect(lookUp).not.toHaveBeenCalled();
  lookUp.mockRestore();
});

test("if duplicates can't be recognized, every event is sent, and the log says so", async () => {
  const failBusy = () => Promise.reject(new Error("server is busy"));
  const tables = {
    has: failBusy,
    rowKeys: failBusy,
    put: failBusy,
    putAll: failBusy,
    create: failBusy,
    list: failBusy,
    delete: failBusy,
  };
  const duplicates = new RememberedDuplicates({ tables, clock: () => now, windowDays: 7 });
  const { outcomes } = await world.forward(message(event("a")), { duplicates });
  expect(world.receivedIds()).toEqual(["a"]);
  expect(outcomes).toMatchObject([
    { level: "warning", outcome: "duplicatesUnknown", reason: "server is busy" },
    { outcome: "forwarded", delivered: 1 },
  ]);
});

describe("a message that is not an envelope", () => {
  test.each([
    ["text", "hello", "hello"],
    ["another version", { version: 2, events: [] }, '{"version":2,"events":[]}'],
  ])("(%s) becomes a dead letter as a whole", async (_, body, text) => {
    const { outcomes } = await world.forward(body, {}, { insertionTime: "2026-11-18T08:00:00+00:00" });
    expect(await world.azurite.deadLetters()).toMatchObject([
      { class: "unreadable", receivedAt: "2026-11-18T08:00:00.000Z", body: text },
    ]);
    expect(await world.azurite.blobNames(containerNames.deadLetters)).toEqual([
      expect.stringMatching(/^2026\/11\/18\/[0-9a-f]{32}\.json$/),
    ]);
    expect(outcomes).toMatchObject([{ level: "error", outcome: "dead", dead: 1 }]);
    expect(await world.azurite.waiting(queueNames.events)).toBe(0);
  });
});

test("an invalid event in the queue becomes a dead letter", async () => {
  await world.forward(message(newEvent({ id: "a", receivedAt, body: "[]" })));
  expect(await world.azurite.deadLetters()).toMatchObject([{ class: "malformed", eventId: "a", body: "[]" }]);
  expect(world.platform.received).toEqual([]);
});

test("an event on which the relay itself fails becomes a dead letter, and the others are delivered", async () => {
  const nested = `{"event_id":"a","timestamp":1,"data":{"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`;
  await world.forward(message(newEvent({ id: "a", receivedAt, body: nested }), event("b")));
  expect(world.receivedIds()).toEqual(["b"]);
  expect(await world.azurite.deadLetters()).toMatchObject([
    {
      class: "poison",
      reason: "The relay could not make a record of the event: Maximum call stack size exceeded",
      body: nested,
    },
  ]);
});

test("no log ever holds a body or the streaming URL", async () => {
  const secret = "ada@example.org";
  const inlet = new URL(world.platform.streamingUrl).pathname;
  const answers = [200, 400, 404, 503].map((status) => ({
    status,
    body: { title: `${secret} ${world.platform.streamingUrl}` },
  }));
  for (const answer of [...answers, "reset" as const]) {
    world.platform.answer = () => answer;
    const { lines } = await world.forward(message(event("a", { data: { recipient: secret } })));
    const said = lines.map(({ text }) => text).join("\n");
    for (const hidden of [secret, inlet]) expect(said).not.toContain(hidden);
  }
});
