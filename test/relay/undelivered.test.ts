import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { blobName } from "../../relay/core/blob-name.ts";
import { addCounts, noCounts } from "../../relay/core/counts/counts.ts";
import { claimBody, encodeEnvelopes, type QueuedEvent, requeueEvent } from "../../relay/core/event/envelope.ts";
import { containerNames } from "../../relay/core/names.ts";
import { taken } from "./support/fake-platform.ts";
import { bodyOf, comingBack, event, ForwarderWorld, message, now, receivedAt } from "./support/forwarder-world.ts";
import { withoutPace } from "./support/unpaced.ts";

let world: ForwarderWorld;
beforeAll(async () => {
  world = await ForwarderWorld.start();
});
beforeEach(() => world.reset());
afterAll(() => world.stop());

describe("events that Platform does not accept now", () => {
  test("go back alone, counted and delayed; delivered ones are not sent again", async () => {
    world.platform.answer = ({ event_id }) => (event_id === "b" ? { status: 503 } : taken);
    const { delays, outcomes } = await world.forward(message(event("a"), event("b"), event("c")));
    expect(delays).toEqual([1]);
    expect(await world.azurite.takeEvents()).toEqual([
      comingBack({ ...event("b"), attempts: 1, firstAttemptAt: now.toISOString(), lastError: "HTTP 503" }),
    ]);
    expect(outcomes).toMatchObject([
      {
        level: "warning",
        delivered: 2,
        retried: 1,
        held: 0,
        ids: ["a", "c"],
        waitingIds: ["b"],
        delaySeconds: 1,
        reasons: ["HTTP 503"],
      },
    ]);
  });

  test("do not delay other events", async () => {
    world.platform.answer = ({ event_id }) => (event_id === "e0" ? { status: 500 } : taken);
    await world.forward(message(...Array.from({ length: 60 }, (_, at) => event(`e${at}`))));
    expect(new Set(world.receivedIds()).size).toBe(60);
    expect(await world.azurite.takeEvents()).toMatchObject([[{ id: "e0", attempts: 1 }]]);
  });

  test("wait separately: by their own number of failures, and as long as Platform asked for that event", async () => {
    world.platform.answer = ({ event_id }) => ({
      status: event_id === "c" ? 403 : 503,
      ...(event_id === "d" && { headers: { "retry-after": "86400" } }),
    });
    const often = { attempts: 9, firstAttemptAt: receivedAt };
    const events = [event("a"), event("b"), { ...event("old"), ...often }, event("c"), event("d")];
    const { delays, outcomes } = await world.forward(message(...events));
    expect(delays).toEqual([1, 512, 3_600 + 1]);
    expect((await world.azurite.takeEvents()).map((events) => events.map(({ id }) => id))).toEqual([
      ["a", "b", "c"],
      ["old"],
      ["d"],
    ]);
    expect(outcomes).toMatchObject([{ level: "error", retried: 4, held: 1, delaySeconds: 3_601 }]);
  });

  test("that wait because Platform is down come back at the next probe, whatever they waited before", async () => {
    world.platform.answer = () => ({ status: 503 });
    const client = {
      ...withoutPace(new PlatformClient(world.platform.streamingUrl, { timeout: 20_000 })),
      isAway: true,
      millisecondsToProbe: () => 6_001,
    };
    const failedBefore = { ...event("a"), attempts: 9, firstAttemptAt: receivedAt };
    const { delays } = await world.forward(message(failedBefore, event("b")), {
      target: { client, readyAt: undefined },
    });
    expect(delays).toEqual([7]);
  });

  test("wait no longer than after the first failure while retries of others are delivered", async () => {
    world.platform.answer = () => ({ status: 503 });
    const client = {
      ...withoutPace(new PlatformClient(world.platform.streamingUrl, { timeout: 20_000 })),
      forgivenFailures: 16,
    };
    const failedBefore = { ...event("a"), attempts: 9, firstAttemptAt: receivedAt };
    const { delays } = await world.forward(message(failedBefore), { target: { client, readyAt: undefined } });
    expect(delays).toEqual([1]);
  });

  test("wait longer with each attempt, and as long as Platform asks", async () => {
    world.platform.answer = () => ({ status: 429, headers: { "retry-after": "120" } });
    const failedBefore = { ...event("a"), attempts: 4, firstAttemptAt: receivedAt };
    expect((await world.forward(message(failedBefore))).delays).toEqual([120 + 16]);
    world.platform.answer = () => ({ status: 503, headers: { "retry-after": "Fri, 20 Nov 2026 10:01:00 GMT" } });
    expect((await world.forward(message(event("a")))).delays).toEqual([60 + 1]);
  });

  test.each([
    ["hang" as const, 100, "no answer in time"],
    ["reset" as const, 20_000, "no answer: ECONNRESET"],
  ])("without an answer (%s) are tried again", async (answer, timeout, lastError) => {
    world.platform.answer = () => answer;
    const client = withoutPace(new PlatformClient(world.platform.streamingUrl, { timeout }));
    await world.forward(message(event("a")), { target: { client, readyAt: undefined } });
    expect(await world.azurite.takeEvents()).toMatchObject([[{ id: "a", attempts: 1, lastError }]]);
  });

  test("fit into their messages, whatever was added to them", async () => {
    const full = Array.from({ length: 60 }, (_, at) => event(`e${at}`, { data: { content: "x".repeat(500) } }));
    world.platform.answer = () => "reset";
    const client = withoutPace({ send: async () => ({ failure: "no answer: ECONNRESET" }) });
    expect(encodeEnvelopes(full)).toHaveLength(1);
    await world.forward(message(...full), { target: { client, readyAt: undefined } });
    expect((await world.azurite.takeEvents()).flat()).toHaveLength(60);
  });

  test.each([401, 403, 404, 302])(
    "for something wrong with the inlet (%d) wait long, and an error is logged",
    async (status) => {
      world.platform.answer = () => ({ status });
      const { delays, outcomes } = await world.forward(message(event("a")));
      expect(delays).toEqual([1]);
      expect(outcomes).toMatchObject([{ level: "error", retried: 0, held: 1, reasons: [`HTTP ${status}`] }]);
      expect(await world.azurite.takeEvents()).toMatchObject([[{ id: "a", attempts: 1 }]]);
    },
  );

  test.each([
    ["a page", { status: 200, headers: { "content-type": "text/html" }, body: "<html>Sign in</html>" }, "text/html"],
    ["nothing", { status: 200, headers: { "content-type": "" }, body: "" }, "no content type"],
    [
      "a batch's answer with a failed item",
      { status: 207, body: { inletId: "i", batchId: "b", responses: [{ statusCode: 400, message: "bad" }] } },
      "application/json",
    ],
  ])("answered with success by %s wait with their claim, and an error is logged", async (_, answer, type) => {
    world.platform.answer = () => answer;
    const large = event("large", { data: { content: "x".repeat(60_000) } });
    await world.storage.putClaim(blobName(large), large.body, AbortSignal.timeout(5_000));
    const { delays, outcomes } = await world.forward(message(claimBody(large, blobName(large))));
    expect(delays).toEqual([1]);
    const reason =
      `HTTP ${answer.status} without Platform's receipt: ${type}; ` +
      "check PLATFORM_STREAMING_URL, and whether a proxy answers instead of Platform";
    expect(outcomes).toMatchObject([{ level: "error", delivered: 0, retried: 0, held: 1, reasons: [reason] }]);
    expect(await world.azurite.takeEvents()).toMatchObject([[{ id: "large", attempts: 1 }]]);
    expect(await world.azurite.blobNames(containerNames.claims)).toHaveLength(1);
  });

  test("for 7 days become dead letters", async () => {
    world.platform.answer = () => ({ status: 503 });
    const old = { ...event("a"), attempts: 700, firstAttemptAt: "2026-11-13T10:00:00.000Z" };
    const { delays, outcomes } = await world.forward(message(old));
    expect(delays).toEqual([]);
    expect(outcomes[0]).toMatchObject({ level: "error", outcome: "dead", dead: 1, ids: ["a"], reason: "expired" });
    expect(await world.azurite.deadLetters()).toMatchObject([
      {
        class: "expired",
        reason: "Platform did not accept the event for 7 days; the last failure: HTTP 503",
        attempts: 701,
        firstAttemptAt: "2026-11-13T10:00:00.000Z",
        body: bodyOf("a"),
      },
    ]);
  });
});

describe("events that Platform will never accept", () => {
  test("become dead letters with Platform's reason, and the others are delivered", async () => {
    world.platform.answer = ({ event_id }) =>
      event_id === "b"
        ? { status: 400, body: { title: "Invalid XDM Message Format", report: { message: "Message is invalid" } } }
        : taken;
    const { delays, outcomes } = await world.forward(message(event("a"), event("b"), event("c")));
    expect(delays).toEqual([]);
    expect(await world.azurite.deadLetters()).toEqual([
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
    const [deadLetter] = await world.azurite.blobNames(containerNames.deadLetters);
    expect(outcomes).toMatchObject([
      { level: "error", outcome: "dead", dead: 1, ids: ["b"], deadLetter, reason: "refused" },
      { level: "information", outcome: "forwarded", delivered: 2, ids: ["a", "c"] },
    ]);
  });

  test("become one dead letter if their call was repeated, which counts once, and is in the log each time", async () => {
    world.platform.answer = () => ({ status: 400 });
    const deaths = async (id: string, queued: QueuedEvent) => {
      const { lines } = await world.forward(message(queued), {}, { id });
      const total = noCounts();
      for (const { outcome } of lines) addCounts(total, outcome);
      return {
        dead: total.dead,
        gone: total.gone,
        lines: lines.filter(({ outcome }) => outcome.outcome === "dead").length,
      };
    };
    expect(await deaths("first", event("a"))).toEqual({ dead: 1, gone: 0, lines: 1 });
    const repeated = { ...event("a"), receivedAt: "2026-11-20T09:59:45.000Z" };
    expect(await deaths("second", repeated)).toEqual({ dead: 0, gone: 1, lines: 1 });
    const comesBack = { putBack: true, attempts: 1 } as const;
    expect(await deaths("third", { ...repeated, ...comesBack })).toEqual({ dead: 0, gone: 1, lines: 1 });
    // The first call's event was put back, and its first message came again: it was accepted once, so nothing is gone.
    expect(await deaths("fourth", { ...event("a"), ...comesBack })).toEqual({ dead: 1, gone: 0, lines: 1 });
    // The host hands it out again.
    expect(await deaths("first", event("a"))).toEqual({ dead: 1, gone: 0, lines: 1 });
    // A replay that has not yet removed the dead letter.
    expect(await deaths("replay", requeueEvent(event("a"), now))).toEqual({ dead: 1, gone: 0, lines: 1 });
    expect(await world.azurite.deadLetters()).toHaveLength(1);
  });

  test("leave no claim if their call was repeated", async () => {
    world.platform.answer = () => ({ status: 413 });
    const large = event("large", { data: { content: "x".repeat(60_000) } });
    for (let call = 1; call <= 2; call += 1) {
      await world.storage.putClaim(blobName(large), large.body, AbortSignal.timeout(5_000));
      await world.forward(message(claimBody(large, blobName(large))), {}, { id: `call ${call}` });
    }
    expect(await world.azurite.blobNames(containerNames.claims)).toEqual([]);
    expect(await world.azurite.deadLetters()).toHaveLength(1);
  });

  test("are tried again if their dead letter can't be written", async () => {
    world.platform.answer = () => ({ status: 413 });
    const failing = {
      enqueue: world.storage.enqueue.bind(world.storage),
      readClaim: world.storage.readClaim.bind(world.storage),
      deleteClaim: world.storage.deleteClaim.bind(world.storage),
      putDeadLetter: () => Promise.reject(new Error("container is gone")),
    };
    await world.forward(message(event("a")), {
      storage: { ...failing, enqueue: (text, options) => world.storage.enqueue(text, { ...options, delaySeconds: 0 }) },
    });
    expect(await world.azurite.takeEvents()).toMatchObject([
      [{ id: "a", attempts: 1, lastError: "the dead letter could not be written: container is gone" }],
    ]);
  });
});

test("a message with only slow events ends in time, and the rest is tried again at once", async () => {
  let minutes = 0;
  const send = async () => {
    minutes += 1;
    return { status: 200, retryAfter: null, detail: "" };
  };
  const events = Array.from({ length: 40 }, (_, at) => event(`e${at}`));
  const { delays, outcomes } = await world.forward(message(...events), {
    target: { client: withoutPace({ send }), readyAt: undefined },
    clock: () => new Date(now.getTime() + minutes * 60_000),
  });
  expect(delays).toEqual([0]);
  expect(outcomes).toMatchObject([
    { outcome: "forwarded", level: "information", delivered: 16, retried: 0, held: 24, delaySeconds: 0 },
  ]);
  expect(await world.azurite.takeEvents()).toEqual([comingBack(...events.slice(16))]);
});

test("it throws if events can't be put back, so that the host passes the message again", async () => {
  world.platform.answer = () => ({ status: 503 });
  const full = {
    enqueue: () => Promise.reject(new Error("queue is gone: http://127.0.0.1/secret")),
    readClaim: world.storage.readClaim.bind(world.storage),
    deleteClaim: world.storage.deleteClaim.bind(world.storage),
    putDeadLetter: world.storage.putDeadLetter.bind(world.storage),
  };
  await expect(world.forward(message(event("a")), { storage: full })).rejects.toThrow(
    "1 event(s) could not be put back into the queue; the host will run the message again: queue is gone: [address]",
  );
});
