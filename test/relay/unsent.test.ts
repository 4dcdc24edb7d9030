import type { Sender } from "../../relay/azure/delivery/paced-client.ts";
import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { blobName } from "../../relay/core/blob-name.ts";
import { claimBody } from "../../relay/core/event/envelope.ts";
import { containerNames } from "../../relay/core/names.ts";
import { comingBack, event, ForwarderWorld, message, now } from "./support/forwarder-world.ts";
import { withoutPace } from "./support/unpaced.ts";

let world: ForwarderWorld;
beforeAll(async () => {
  world = await ForwarderWorld.start();
});
beforeEach(() => world.reset());
afterAll(() => world.stop());

describe("before Platform is ready", () => {
  test("events wait unsent until then", async () => {
    const client = withoutPace(new PlatformClient(world.platform.streamingUrl, { timeout: 20_000 }));
    const { delays, outcomes } = await world.forward(message(event("a"), event("b")), {
      target: { client, readyAt: new Date("2026-11-20T10:05:00.000Z") },
    });
    expect(world.platform.received).toEqual([]);
    expect(delays).toEqual([300]);
    expect(outcomes).toEqual([
      {
        level: "information",
        outcome: "waiting",
        held: 2,
        delaySeconds: 300,
        oldestSeconds: 30,
        putBackAgeSeconds: 30,
        reason: "PLATFORM_READY_AT",
      },
    ]);
    expect(await world.azurite.takeEvents()).toEqual([comingBack(event("a"), event("b"))]);
  });

  test("from that moment on they are sent", async () => {
    const client = withoutPace(new PlatformClient(world.platform.streamingUrl, { timeout: 20_000 }));
    await world.forward(message(event("a")), { target: { client, readyAt: now } });
    expect(world.receivedIds()).toEqual(["a"]);
  });

  test("without a usable setting they wait, and the error names it", async () => {
    const { delays, outcomes } = await world.forward(message(event("a")), {
      target: { problem: "App settings: PLATFORM_STREAMING_URL is not set." },
    });
    expect(delays).toEqual([150]);
    expect(outcomes).toMatchObject([
      { level: "error", outcome: "waiting", held: 1, reason: "App settings: PLATFORM_STREAMING_URL is not set." },
    ]);
    expect(await world.azurite.takeEvents()).toEqual([comingBack(event("a"))]);
  });
});

describe("while nothing may be sent", () => {
  const pause = (reason: "retry" | "hold") => ({ reason, milliseconds: 77_000, seconds: 77, why: "Platform is away" });

  test.each([
    ["retry" as const, "warning", { paused: 2 }],
    // An operator has to act: Platform is not just down.
    ["hold" as const, "error", {}],
  ])("events wait unsent and uncounted (%s)", async (reason, level, paused) => {
    const turn = () => Promise.reject(new Error("must not be sent"));
    const client = {
      pause: () => pause(reason),
      isAway: true,
      forgivenFailures: 0,
      millisecondsToProbe: () => 0,
      newRank: () => 0,
      turn,
    };
    const { delays, outcomes } = await world.forward(message(event("a"), event("b")), {
      target: { client, readyAt: undefined },
    });
    expect(delays).toEqual([77]);
    expect(outcomes).toEqual([
      {
        level,
        outcome: "waiting",
        held: 2,
        ...paused,
        delaySeconds: 77,
        oldestSeconds: 30,
        putBackAgeSeconds: 30,
        reason: "Platform is away",
      },
    ]);
    expect(await world.azurite.takeEvents()).toEqual([comingBack(event("a"), event("b"))]);
  });

  test("events that have waited for 30 days become dead letters, before their claims are swept", async () => {
    const old = "2026-10-21T10:00:00.000Z";
    const large = { ...event("large", { data: { content: "x".repeat(60_000) } }), receivedAt: old };
    const claim = blobName(large);
    await world.storage.putClaim(claim, large.body, AbortSignal.timeout(5_000));
    const events = [{ ...event("a"), receivedAt: old }, claimBody(large, claim), event("b")];
    const { delays, outcomes } = await world.forward(message(...events), {
      target: { problem: "App settings: none." },
    });
    expect(delays).toEqual([150]);
    expect(await world.azurite.takeEvents()).toEqual([comingBack(event("b"))]);
    const reason = "The event waited for 30 days; the last failure: App settings: none.";
    expect(
      (await world.azurite.deadLetters()).map(({ eventId, class: why, reason }) => [eventId, why, reason]),
    ).toEqual([
      ["a", "expired", reason],
      ["large", "expired", reason],
    ]);
    expect(await world.azurite.blobNames(containerNames.claims)).toEqual([]);
    expect(outcomes).toMatchObject([
      { outcome: "dead", ids: ["a"], reason: "expired" },
      { outcome: "dead", ids: ["large"], reason: "expired" },
      { outcome: "waiting", held: 1, oldestSeconds: 30 },
    ]);
  });

  test("events of 30 days that another message has finished count as gone", async () => {
    const old = { ...event("a"), receivedAt: "2026-10-21T10:00:00.000Z" };
    const finished = claimBody({ ...old, id: "large" }, "2026/10/21/large.json");
    const target = { problem: "App settings: none." };
    const first = await world.forward(message(old), { target }, { id: "first" });
    expect(first.outcomes).toMatchObject([
      { outcome: "dead", dead: 1 },
      { outcome: "waiting", held: 0, oldestSeconds: 0 },
    ]);
    const again = { ...old, receivedAt: "2026-10-21T09:59:55.000Z" };
    const repeated = await world.forward(message(again, finished), { target }, { id: "second" });
    expect(repeated.outcomes).toMatchObject([
      { outcome: "dead", dead: 0, ids: ["a"] },
      { outcome: "waiting", held: 0, gone: 2, goneIds: ["a", "large"] },
    ]);
    expect(await world.azurite.deadLetters()).toHaveLength(1);
  });

  test("if such a dead letter can't be written, the event continues to wait", async () => {
    const old = { ...event("a"), receivedAt: "2026-10-01T10:00:00.000Z" };
    await world.forward(message(old), {
      target: { problem: "App settings: none." },
      storage: {
        enqueue: (text, options) => world.storage.enqueue(text, { ...options, delaySeconds: 0 }),
        readClaim: world.storage.readClaim.bind(world.storage),
        deleteClaim: world.storage.deleteClaim.bind(world.storage),
        putDeadLetter: () => Promise.reject(new Error("container is gone")),
      },
    });
    expect(await world.azurite.takeEvents()).toMatchObject([
      [{ id: "a", lastError: "the dead letter could not be written: container is gone" }],
    ]);
  });

  test("the rest of a message waits, unsent and uncounted", async () => {
    const sent: string[] = [];
    const { turn: next, ...paceless } = withoutPace({
      send: async (body) => {
        sent.push(JSON.parse(body).event_id);
        return { status: 200, retryAfter: null, detail: "" };
      },
    });
    let turns = 0;
    const turn: Sender["turn"] = async (...asked) => {
      turns += 1;
      return turns > 2 ? pause("retry") : next(...asked);
    };
    const target = {
      client: { ...paceless, isAway: true, turn },
      readyAt: undefined,
    };
    const { delays, outcomes } = await world.forward(message(event("a"), event("b"), event("c"), event("d")), {
      target,
    });
    expect(sent).toEqual(["a", "b"]);
    expect(delays).toEqual([77]);
    expect(outcomes).toMatchObject([
      { level: "warning", delivered: 2, retried: 2, held: 0, delaySeconds: 77, reasons: ["Platform is away"] },
    ]);
    expect(await world.azurite.takeEvents()).toEqual([comingBack(event("c"), event("d"))]);
  });

  test("an event that never gets its turn becomes a dead letter after 30 days", async () => {
    const client = {
      pause: () => undefined,
      isAway: true,
      forgivenFailures: 0,
      millisecondsToProbe: () => 0,
      newRank: () => 0,
      turn: async () => pause("retry"),
    };
    const old = { ...event("a"), receivedAt: "2026-10-21T10:00:00.000Z" };
    const { delays } = await world.forward(message(old, event("b")), { target: { client, readyAt: undefined } });
    expect(delays).toEqual([77]);
    expect(await world.azurite.takeEvents()).toEqual([comingBack(event("b"))]);
    expect(await world.azurite.deadLetters()).toMatchObject([
      { eventId: "a", class: "expired", reason: "The event waited for 30 days; the last failure: Platform is away" },
    ]);
  });
});

describe("an event received long ago and replayed just now", () => {
  const replayed = { ...event("a"), receivedAt: "2025-01-01T00:00:00.000Z", queuedAt: "2026-11-20T09:59:50.000Z" };
  const pause = {
    milliseconds: 5_000,
    seconds: 5,
    why: "the rate limit towards Platform is reached",
  };
  const client = {
    isAway: false,
    forgivenFailures: 0,
    millisecondsToProbe: () => 0,
    pause: () => undefined,
    newRank: () => 0,
    turn: async () => pause,
  };

  test.each([
    ["the rate limit is reached", { client, readyAt: undefined }],
    ["nothing is to be sent", { client: { ...client, pause: () => pause }, readyAt: undefined }],
    ["Platform is not ready", { client, readyAt: new Date("2026-11-20T10:05:00.000Z") }],
    ["a setting can't be used", { problem: "App settings: none." }],
  ])("waits like any other while %s", async (_why, target) => {
    const { outcomes } = await world.forward(message(replayed), { target });
    expect(await world.azurite.takeEvents()).toEqual([comingBack(replayed)]);
    expect(await world.azurite.deadLetters()).toEqual([]);
    expect(outcomes).toMatchObject([{ oldestSeconds: 10 }]);
  });

  test("has its full age when it is delivered", async () => {
    const { outcomes } = await world.forward(message(replayed));
    const ageSeconds = (now.getTime() - Date.parse(replayed.receivedAt)) / 1000;
    expect(outcomes).toMatchObject([{ delivered: 1, ageSeconds, oldestSeconds: 10 }]);
    expect(world.platform.received).toMatchObject([{ relay: { received_at: replayed.receivedAt } }]);
  });

  test("becomes a dead letter once it has waited for 30 days again", async () => {
    const waited = { ...replayed, queuedAt: "2026-10-21T10:00:00.000Z" };
    await world.forward(message(waited), { target: { problem: "App settings: none." } });
    expect(await world.azurite.deadLetters()).toMatchObject([{ eventId: "a", class: "expired" }]);
  });
});
