import { keepDuplicates, RememberedDuplicates } from "../../relay/azure/duplicates.ts";
import { type ForwarderPorts, forwarderHandler } from "../../relay/azure/forwarder.ts";
import { PlatformClient } from "../../relay/azure/platform-client.ts";
import { RelayStorage } from "../../relay/azure/storage.ts";
import { blobName } from "../../relay/core/blob-name.ts";
import { claimed, encodeEnvelopes, newEvent, type QueuedEvent } from "../../relay/core/envelope.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { type FakePlatform, startFakePlatform } from "./support/fake-platform.ts";
import { invocation } from "./support/invocation.ts";
import { unpaced } from "./support/unpaced.ts";

const now = new Date("2026-11-20T10:00:00.000Z");
const receivedAt = "2026-11-20T09:59:30.000Z";
const bodyOf = (id: string, more: object = {}) => JSON.stringify({ event_id: id, timestamp: 1_727_953_200, ...more });
const event = (id: string, more: object = {}) => newEvent({ id, receivedAt, body: bodyOf(id, more) });
const message = (...events: QueuedEvent[]) => ({ version: 1, events });

let azurite: Azurite;
let platform: FakePlatform;
let storage: RelayStorage;
beforeAll(async () => {
  azurite = await startAzurite();
  platform = await startFakePlatform();
  storage = new RelayStorage({ connectionString: azurite.connectionString });
});
beforeEach(async () => {
  await azurite.reset();
  platform.reset();
});
afterAll(async () => {
  await platform.stop();
  await azurite.stop();
});

/** Runs the forwarder over one message, and notes with which delay it put messages back. */
async function forward(body: unknown, ports: Partial<ForwarderPorts> = {}, metadata: Record<string, string> = {}) {
  const delays: number[] = [];
  const watched: ForwarderPorts["storage"] = {
    enqueue: (text, options) => {
      delays.push(options.delaySeconds);
      // Visible at once, so that the test can look at it.
      return storage.enqueue(text, { ...options, delaySeconds: 0 });
    },
    readClaim: storage.readClaim.bind(storage),
    deleteClaim: storage.deleteClaim.bind(storage),
    putDeadLetter: storage.putDeadLetter.bind(storage),
  };
  const client = unpaced(new PlatformClient(platform.streamingUrl, { timeout: 20_000 }));
  const { context, lines } = invocation(metadata);
  const handler = forwarderHandler({
    target: { client, readyAt: undefined },
    storage: watched,
    duplicates: keepDuplicates,
    clock: () => now,
    random: () => 0.5,
    ...ports,
  });
  await handler(body, context);
  return { delays, lines, outcomes: lines.map(({ level, outcome }) => ({ level, ...outcome })) };
}

const receivedIds = () => platform.received.map(({ event_id }) => event_id).sort();

test("delivers each event of a message, enriched, and puts nothing back", async () => {
  const { delays, outcomes } = await forward(message(event("a", { metric: "sent" }), event("b")));
  expect(receivedIds()).toEqual(["a", "b"]);
  expect(platform.received.find(({ event_id }) => event_id === "a")).toMatchObject({
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
      ids: ["a", "b"],
    },
  ]);
});

test("takes the message parsed, as the Functions library hands it over", async () => {
  const [text] = encodeEnvelopes([event("a")]);
  await forward(JSON.parse(Buffer.from(text ?? "", "base64").toString("utf8")));
  expect(receivedIds()).toEqual(["a"]);
});

test("sends at most four events of a message at a time", async () => {
  await forward(message(...Array.from({ length: 40 }, (_, at) => event(`e${at}`))));
  expect(platform.received).toHaveLength(40);
  expect(platform.mostAtOnce()).toBeLessThanOrEqual(4);
});

describe("events that Platform does not take now", () => {
  test("go back alone, counted, later; delivered neighbours aren't sent again", async () => {
    platform.answer = ({ event_id }) => ({ status: event_id === "b" ? 503 : 200 });
    const { delays, outcomes } = await forward(message(event("a"), event("b"), event("c")));
    expect(delays).toEqual([3]);
    expect(await azurite.takeEvents()).toEqual([
      [{ ...event("b"), attempts: 1, firstAttemptAt: now.toISOString(), lastError: "HTTP 503" }],
    ]);
    expect(outcomes).toMatchObject([
      {
        level: "warning",
        delivered: 2,
        retried: 1,
        held: 0,
        ids: ["a", "c"],
        waitingIds: ["b"],
        delaySeconds: 3,
        reasons: ["HTTP 503"],
      },
    ]);
  });

  test("keep the others from being sent, and go behind them", async () => {
    platform.answer = ({ event_id }) => ({ status: event_id === "e0" ? 500 : 200 });
    await forward(message(...Array.from({ length: 60 }, (_, at) => event(`e${at}`))));
    const [events = []] = await azurite.takeEvents();
    expect(events.length).toBeGreaterThan(1);
    expect(events.at(-1)).toMatchObject({ id: "e0", attempts: 1 });
    expect(events.slice(0, -1).map(({ attempts }) => attempts)).toEqual(events.slice(1).map(() => 0));
    expect([...receivedIds().filter((id) => id !== "e0"), ...events.map(({ id }) => id)].sort()).toEqual(
      Array.from({ length: 60 }, (_, at) => `e${at}`).sort(),
    );
  });

  test("wait longer with each attempt, and as long as Platform asks", async () => {
    platform.answer = () => ({ status: 429, headers: { "retry-after": "120" } });
    const failedBefore = { ...event("a"), attempts: 4, firstAttemptAt: receivedAt };
    expect((await forward(message(failedBefore))).delays).toEqual([120 + 40]);
    platform.answer = () => ({ status: 503, headers: { "retry-after": "Fri, 20 Nov 2026 10:01:00 GMT" } });
    expect((await forward(message(event("a")))).delays).toEqual([60 + 3]);
  });

  test.each([
    ["hang" as const, 100, "no answer in time"],
    ["reset" as const, 20_000, "no answer: UND_ERR_SOCKET"],
  ])("for want of an answer (%s) come again", async (answer, timeout, lastError) => {
    platform.answer = () => answer;
    const client = unpaced(new PlatformClient(platform.streamingUrl, { timeout }));
    await forward(message(event("a")), { target: { client, readyAt: undefined } });
    expect(await azurite.takeEvents()).toMatchObject([[{ id: "a", attempts: 1, lastError }]]);
  });

  test("fit their messages whatever was added to them", async () => {
    const full = Array.from({ length: 60 }, (_, at) => event(`e${at}`, { data: { content: "x".repeat(500) } }));
    platform.answer = () => "reset";
    const client = unpaced({ send: async () => ({ failure: "no answer: UND_ERR_SOCKET" }) });
    expect(encodeEnvelopes(full)).toHaveLength(1);
    await forward(message(...full), { target: { client, readyAt: undefined } });
    expect((await azurite.takeEvents()).flat()).toHaveLength(60);
  });

  test.each([401, 403, 404, 302])(
    "for something wrong with the inlet (%d) wait long, and somebody is told",
    async (status) => {
      platform.answer = () => ({ status });
      const { delays, outcomes } = await forward(message(event("a")));
      expect(delays).toEqual([150]);
      expect(outcomes).toMatchObject([{ level: "error", retried: 0, held: 1, reasons: [`HTTP ${status}`] }]);
      expect(await azurite.takeEvents()).toMatchObject([[{ id: "a", attempts: 1 }]]);
    },
  );

  test("for 7 days become dead letters", async () => {
    platform.answer = () => ({ status: 503 });
    const old = { ...event("a"), attempts: 700, firstAttemptAt: "2026-11-13T10:00:00.000Z" };
    const { delays, outcomes } = await forward(message(old));
    expect(delays).toEqual([]);
    expect(outcomes[0]).toMatchObject({ level: "error", outcome: "dead", dead: 1, ids: ["a"], reason: "expired" });
    expect(await azurite.deadLetters()).toMatchObject([
      {
        class: "expired",
        reason: "Platform did not take the event for 7 days; at last: HTTP 503",
        attempts: 701,
        firstAttemptAt: "2026-11-13T10:00:00.000Z",
        body: bodyOf("a"),
      },
    ]);
  });
});

describe("events that Platform will never take", () => {
  test("become dead letters with Platform's reason, and their neighbours are delivered", async () => {
    platform.answer = ({ event_id }) =>
      event_id === "b"
        ? { status: 400, body: { title: "Invalid XDM Message Format", report: { message: "Message is invalid" } } }
        : { status: 200 };
    const { delays, outcomes } = await forward(message(event("a"), event("b"), event("c")));
    expect(delays).toEqual([]);
    expect(await azurite.deadLetters()).toEqual([
      {
        version: 1,
        class: "refused",
        reason: "Platform refused the event: HTTP 400, Invalid XDM Message Format: Message is invalid",
        eventId: "b",
        receivedAt,
        firstAttemptAt: now.toISOString(),
        deadAt: now.toISOString(),
        attempts: 1,
        encoding: "utf8",
        body: bodyOf("b"),
      },
    ]);
    const [deadLetter] = await azurite.blobNames(containerNames.deadLetters);
    expect(outcomes).toMatchObject([
      { level: "error", outcome: "dead", dead: 1, ids: ["b"], deadLetter, reason: "refused" },
      { level: "information", outcome: "forwarded", delivered: 2, ids: ["a", "c"] },
    ]);
  });

  test("come again if their dead letter can't be written", async () => {
    platform.answer = () => ({ status: 413 });
    const failing = {
      enqueue: storage.enqueue.bind(storage),
      readClaim: storage.readClaim.bind(storage),
      deleteClaim: storage.deleteClaim.bind(storage),
      putDeadLetter: () => Promise.reject(new Error("container is gone")),
    };
    await forward(message(event("a")), {
      storage: { ...failing, enqueue: (text, options) => storage.enqueue(text, { ...options, delaySeconds: 0 }) },
    });
    expect(await azurite.takeEvents()).toMatchObject([
      [{ id: "a", attempts: 1, lastError: "the dead letter could not be written: container is gone" }],
    ]);
  });
});

describe("claims", () => {
  const large = event("large", { data: { content: "x".repeat(60_000) } });
  const claim = blobName(large);
  const queued = claimed(large, claim);
  const claims = () => azurite.blobNames(containerNames.claims);
  beforeEach(() => storage.putClaim(claim, large.body, AbortSignal.timeout(5_000)));

  test("are read, delivered and deleted", async () => {
    await forward(message(queued));
    expect(receivedIds()).toEqual(["large"]);
    expect(await claims()).toEqual([]);
  });

  test("stay while their event waits", async () => {
    platform.answer = () => ({ status: 503 });
    await forward(message(queued));
    expect(await claims()).toEqual([claim]);
    expect(await azurite.takeEvents()).toMatchObject([[{ id: "large", claim, attempts: 1 }]]);
  });

  test("end in the dead letter of their event", async () => {
    platform.answer = () => ({ status: 413 });
    await forward(message(queued));
    expect(await claims()).toEqual([]);
    expect(await azurite.deadLetters()).toMatchObject([{ class: "refused", eventId: "large", body: large.body }]);
  });

  test("that are gone mean that an earlier run was done with the event", async () => {
    await forward(message(queued));
    platform.reset();
    const { delays, outcomes } = await forward(message(queued, event("b")));
    expect(receivedIds()).toEqual(["b"]);
    expect(delays).toEqual([]);
    expect(outcomes).toMatchObject([{ level: "warning", delivered: 1, gone: 1, goneIds: ["large"] }]);
  });

  test("that can't be read let their event come again", async () => {
    const unreadable = {
      enqueue: storage.enqueue.bind(storage),
      readClaim: () => Promise.reject(new Error("server is busy")),
      deleteClaim: storage.deleteClaim.bind(storage),
      putDeadLetter: storage.putDeadLetter.bind(storage),
    };
    await forward(message(queued), {
      storage: { ...unreadable, enqueue: (text, options) => storage.enqueue(text, { ...options, delaySeconds: 0 }) },
    });
    expect(await azurite.takeEvents()).toMatchObject([
      [{ id: "large", claim, lastError: "the claim could not be read: server is busy" }],
    ]);
    expect(await claims()).toEqual([claim]);
  });

  test("that can't be deleted are left, for the event is delivered", async () => {
    const stuck = {
      enqueue: storage.enqueue.bind(storage),
      readClaim: storage.readClaim.bind(storage),
      deleteClaim: () => Promise.reject(new Error("blob has a lease")),
      putDeadLetter: storage.putDeadLetter.bind(storage),
    };
    const { outcomes } = await forward(message(queued), { storage: stuck });
    expect(outcomes).toMatchObject([
      { level: "warning", outcome: "claimLeft", claim, reason: "blob has a lease" },
      { outcome: "forwarded", delivered: 1 },
    ]);
  });
});

describe("before Platform is ready", () => {
  test("events wait untried until then", async () => {
    const client = unpaced(new PlatformClient(platform.streamingUrl, { timeout: 20_000 }));
    const { delays, outcomes } = await forward(message(event("a"), event("b")), {
      target: { client, readyAt: new Date("2026-11-20T10:05:00.000Z") },
    });
    expect(platform.received).toEqual([]);
    expect(delays).toEqual([300]);
    expect(outcomes).toEqual([
      {
        level: "information",
        outcome: "waiting",
        held: 2,
        delaySeconds: 300,
        oldestSeconds: 30,
        reason: "PLATFORM_READY_AT",
      },
    ]);
    expect(await azurite.takeEvents()).toEqual([[event("a"), event("b")]]);
  });

  test("from that moment on they are sent", async () => {
    const client = unpaced(new PlatformClient(platform.streamingUrl, { timeout: 20_000 }));
    await forward(message(event("a")), { target: { client, readyAt: now } });
    expect(receivedIds()).toEqual(["a"]);
  });

  test("without a usable setting they wait, and somebody is told which one", async () => {
    const { delays, outcomes } = await forward(message(event("a")), {
      target: { problem: "App settings: PLATFORM_STREAMING_URL is not set." },
    });
    expect(delays).toEqual([150]);
    expect(outcomes).toMatchObject([
      { level: "error", outcome: "waiting", held: 1, reason: "App settings: PLATFORM_STREAMING_URL is not set." },
    ]);
    expect(await azurite.takeEvents()).toEqual([[event("a")]]);
  });
});

test("events that Platform has already are left out and counted, and their claims deleted", async () => {
  const large = event("large", { data: { content: "x".repeat(60_000) } });
  const claim = blobName(large);
  await storage.putClaim(claim, large.body, AbortSignal.timeout(5_000));
  const duplicates = new RememberedDuplicates({ tables: storage.tables, clock: () => now, windowDays: 7 });
  await forward(message(event("large")), { duplicates });
  const { delays, outcomes } = await forward(message(claimed(large, claim), event("b")), { duplicates });
  expect(receivedIds()).toEqual(["b", "large"]);
  expect(delays).toEqual([]);
  expect(outcomes).toMatchObject([
    { level: "information", delivered: 1, duplicate: 1, ids: ["b"], duplicateIds: ["large"] },
  ]);
  expect(await azurite.blobNames(containerNames.claims)).toEqual([]);
});

test("if duplicates can't be told, every event is sent, and the log says so", async () => {
  const broken = () => Promise.reject(new Error("server is busy"));
  const tables = { has: broken, put: broken, create: broken, list: broken, delete: broken };
  const duplicates = new RememberedDuplicates({ tables, clock: () => now, windowDays: 7 });
  const { outcomes } = await forward(message(event("a")), { duplicates });
  expect(receivedIds()).toEqual(["a"]);
  expect(outcomes).toMatchObject([
    { level: "warning", outcome: "duplicatesUnknown", reason: "server is busy" },
    { outcome: "forwarded", delivered: 1 },
  ]);
});

describe("while nothing is to be sent", () => {
  const pause = (reason: "retry" | "hold") => ({ reason, seconds: 77, why: "Platform is away" });

  test.each([
    ["retry" as const, "warning"],
    ["hold" as const, "error"],
  ])("events wait untried and uncounted (%s)", async (reason, level) => {
    const client = { pause: () => pause(reason), send: () => Promise.reject(new Error("must not be sent")) };
    const { delays, outcomes } = await forward(message(event("a"), event("b")), {
      target: { client, readyAt: undefined },
    });
    expect(delays).toEqual([77]);
    expect(outcomes).toEqual([
      { level, outcome: "waiting", held: 2, delaySeconds: 77, oldestSeconds: 30, reason: "Platform is away" },
    ]);
    expect(await azurite.takeEvents()).toEqual([[event("a"), event("b")]]);
  });

  test("events that have waited for 30 days become dead letters, or their claims would be swept", async () => {
    const old = "2026-10-21T10:00:00.000Z";
    const large = { ...event("large", { data: { content: "x".repeat(60_000) } }), receivedAt: old };
    const claim = blobName(large);
    await storage.putClaim(claim, large.body, AbortSignal.timeout(5_000));
    const events = [{ ...event("a"), receivedAt: old }, claimed(large, claim), event("b")];
    const { delays, outcomes } = await forward(message(...events), { target: { problem: "App settings: none." } });
    expect(delays).toEqual([150]);
    expect(await azurite.takeEvents()).toEqual([[event("b")]]);
    const reason = "The event waited for 30 days; at last: App settings: none.";
    expect((await azurite.deadLetters()).map(({ eventId, class: why, reason }) => [eventId, why, reason])).toEqual([
      ["a", "expired", reason],
      ["large", "expired", reason],
    ]);
    expect(await azurite.blobNames(containerNames.claims)).toEqual([]);
    expect(outcomes).toMatchObject([
      { outcome: "dead", ids: ["a"], reason: "expired" },
      { outcome: "dead", ids: ["large"], reason: "expired" },
      { outcome: "waiting", held: 1 },
    ]);
  });

  test("if such a dead letter can't be written, the event waits on", async () => {
    const old = { ...event("a"), receivedAt: "2026-10-01T10:00:00.000Z" };
    await forward(message(old), {
      target: { problem: "App settings: none." },
      storage: {
        enqueue: (text, options) => storage.enqueue(text, { ...options, delaySeconds: 0 }),
        readClaim: storage.readClaim.bind(storage),
        deleteClaim: storage.deleteClaim.bind(storage),
        putDeadLetter: () => Promise.reject(new Error("container is gone")),
      },
    });
    expect(await azurite.takeEvents()).toMatchObject([
      [{ id: "a", lastError: "the dead letter could not be written: container is gone" }],
    ]);
  });

  test("the rest of a message waits, untried and uncounted", async () => {
    const sent: string[] = [];
    const send = async (body: string) => {
      if (sent.length === 2) return pause("retry");
      sent.push(JSON.parse(body).event_id);
      return { status: 200, retryAfter: null, detail: "" };
    };
    const target = { client: { pause: () => undefined, send }, readyAt: undefined };
    const { delays, outcomes } = await forward(message(event("a"), event("b"), event("c"), event("d")), { target });
    expect(sent).toEqual(["a", "b"]);
    expect(delays).toEqual([77]);
    expect(outcomes).toMatchObject([
      { level: "warning", delivered: 2, retried: 2, held: 0, delaySeconds: 77, reasons: ["Platform is away"] },
    ]);
    expect(await azurite.takeEvents()).toEqual([[event("c"), event("d")]]);
  });
});

test("if events can't be put back, it throws, so that the host hands the message over again", async () => {
  platform.answer = () => ({ status: 503 });
  const full = {
    enqueue: () => Promise.reject(new Error("queue is gone: http://127.0.0.1/secret")),
    readClaim: storage.readClaim.bind(storage),
    deleteClaim: storage.deleteClaim.bind(storage),
    putDeadLetter: storage.putDeadLetter.bind(storage),
  };
  await expect(forward(message(event("a")), { storage: full })).rejects.toThrow(
    "1 event(s) could not be put back into the queue; the host will hand the message over again: queue is gone: [address]",
  );
});

describe("a message that is no envelope", () => {
  test.each([
    ["text", "hello", "hello"],
    ["another version", { version: 2, events: [] }, '{"version":2,"events":[]}'],
  ])("(%s) becomes a dead letter as a whole", async (_, body, text) => {
    const { outcomes } = await forward(body, {}, { insertionTime: "2026-11-18T08:00:00+00:00" });
    expect(await azurite.deadLetters()).toMatchObject([
      { class: "unreadable", receivedAt: "2026-11-18T08:00:00.000Z", body: text },
    ]);
    expect(await azurite.blobNames(containerNames.deadLetters)).toEqual([
      expect.stringMatching(/^2026\/11\/18\/[0-9a-f]{32}\.json$/),
    ]);
    expect(outcomes).toMatchObject([{ level: "error", outcome: "dead", dead: 1 }]);
    expect(await azurite.waiting(queueNames.events)).toBe(0);
  });
});

test("an event of the queue that is none becomes a dead letter", async () => {
  await forward(message(newEvent({ id: "a", receivedAt, body: "{}" })));
  expect(await azurite.deadLetters()).toMatchObject([{ class: "malformed", eventId: "a", body: "{}" }]);
  expect(platform.received).toEqual([]);
});

test("an event on which the relay itself fails becomes a dead letter, and its neighbours are delivered", async () => {
  const nested = `{"event_id":"a","timestamp":1,"data":{"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`;
  await forward(message(newEvent({ id: "a", receivedAt, body: nested }), event("b")));
  expect(receivedIds()).toEqual(["b"]);
  expect(await azurite.deadLetters()).toMatchObject([
    {
      class: "poison",
      reason: "The relay could not make a record of the event: Maximum call stack size exceeded",
      body: nested,
    },
  ]);
});

test("no log ever holds a body or the streaming URL", async () => {
  const secret = "ada@example.org";
  const inlet = new URL(platform.streamingUrl).pathname;
  const answers = [200, 400, 404, 503].map((status) => ({
    status,
    body: { title: `${secret} ${platform.streamingUrl}` },
  }));
  for (const answer of [...answers, "reset" as const]) {
    platform.answer = () => answer;
    const { lines } = await forward(message(event("a", { data: { recipient: secret } })));
    const said = lines.map(({ text }) => text).join("\n");
    for (const hidden of [secret, inlet]) expect(said).not.toContain(hidden);
  }
});
