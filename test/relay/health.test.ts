import { HttpRequest } from "@azure/functions";
import { healthHandler } from "../../relay/azure/health.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { invocation } from "./support/invocation.ts";
import { noMarks } from "./support/open-ports.ts";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

async function health(signingKeys: string[], connectionString: string) {
  const { context, lines } = invocation();
  const storage = new RelayStorageClient({ connectionString });
  const request = new HttpRequest({ method: "GET", url: "https://relay.example.org/health" });
  const response = await healthHandler({ version: "1.2.3", signingKeys, storage, marks: noMarks, budget: 20_000 })(
    request,
    context,
  );
  return { response, lines };
}

test("answers 200 once queue and containers answer", async () => {
  expect(await health(["key"], azurite.connectionString)).toEqual({
    response: {
      status: 200,
      jsonBody: {
        status: "ok",
        version: "1.2.3",
        signingKeys: true,
        ageSeconds: 0,
        deadLetters: { count: 0, more: false },
      },
    },
    lines: [],
  });
});

test("says that no signing key is set, which alone does not make the relay unhealthy", async () => {
  expect((await health([], azurite.connectionString)).response).toEqual({
    status: 200,
    jsonBody: {
      status: "ok",
      version: "1.2.3",
      signingKeys: false,
      ageSeconds: 0,
      deadLetters: { count: 0, more: false },
    },
  });
});

test("says which build runs, and which secrets could not be resolved", async () => {
  const { context } = invocation();
  const storage = { check: async () => ({ waiting: 0 }), countDeadLetters: async () => ({ count: 0, more: false }) };
  const parts = { version: "1.2.3", build: "b", unresolved: ["PLATFORM_STREAMING_URL"], signingKeys: ["key"] };
  const response = await healthHandler({ ...parts, storage, marks: noMarks, budget: 20_000 })(
    undefined as never,
    context,
  );
  expect(response).toMatchObject({ status: 200, jsonBody: { build: "b", unresolved: ["PLATFORM_STREAMING_URL"] } });
});

test("answers 503 if the storage can't be reached, with the reason in the log only", async () => {
  const { response, lines } = await health(
    ["key"],
    azurite.connectionString.replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:1"),
  );
  expect(response).toEqual({
    status: 503,
    jsonBody: { status: "unavailable", version: "1.2.3", signingKeys: true, ageSeconds: 0 },
  });
  expect(lines).toMatchObject([{ level: "error", outcome: { outcome: "unavailable" } }]);
});

test("answers 503 if another account answers that has neither queue nor containers", async () => {
  const { response } = await health(["key"], azurite.connectionString.replaceAll("relaytest", "another"));
  expect(response).toMatchObject({ status: 503 });
});

describe("many requests", () => {
  function watchHealth(check: () => Promise<{ waiting: number }>) {
    let now = 0;
    let looks = 0;
    const storage = {
      check: () => {
        looks += 1;
        return check();
      },
      countDeadLetters: async () => ({ count: 0, more: false }),
    };
    const handler = healthHandler({
      version: "1.2.3",
      signingKeys: ["key"],
      storage,
      marks: noMarks,
      budget: 20_000,
      monotonic: () => now,
    });
    const { context, lines } = invocation();
    const answer = async () => (await handler(undefined as never, context)) as { status: number; jsonBody: object };
    const ask = async () => (await answer()).status;
    return { ask, answer, lines, looks: () => looks, pass: (milliseconds: number) => (now += milliseconds) };
  }

  test.each([
    ["good", 200, () => Promise.resolve({ waiting: 0 })],
    ["bad", 503, () => Promise.reject(new Error("away"))],
  ])("a %s result is kept for five seconds: the storage is asked once", async (_, status, check) => {
    const { ask, lines, looks, pass } = watchHealth(check);
    for (let call = 0; call < 1_000; call++) expect(await ask()).toBe(status);
    pass(4_999);
    expect([await ask(), looks(), lines.length]).toEqual([status, 1, status === 200 ? 0 : 1]);
    pass(1);
    expect([await ask(), looks()]).toEqual([status, 2]);
  });

  test("a repeated result says its age", async () => {
    const { answer, pass } = watchHealth(() => Promise.resolve({ waiting: 0 }));
    expect((await answer()).jsonBody).toHaveProperty("ageSeconds", 0);
    expect((await answer()).jsonBody).toHaveProperty("ageSeconds", 1);
    pass(3_001);
    expect((await answer()).jsonBody).toHaveProperty("ageSeconds", 4);
    pass(1_999);
    expect((await answer()).jsonBody).toHaveProperty("ageSeconds", 0);
  });

  test("the age counts from the start of a check, also for requests that wait for its end", async () => {
    const { promise, resolve } = Promise.withResolvers<{ waiting: number }>();
    const { answer, pass } = watchHealth(() => promise);
    const first = answer();
    pass(2_000);
    const joined = answer();
    resolve({ waiting: 0 });
    expect((await first).jsonBody).toHaveProperty("ageSeconds", 0);
    expect((await joined).jsonBody).toHaveProperty("ageSeconds", 2);
    pass(4_999);
    expect((await answer()).jsonBody).toHaveProperty("ageSeconds", 7);
  });

  test("one check runs at a time, however many requests wait for it", async () => {
    const { promise, resolve } = Promise.withResolvers<{ waiting: number }>();
    const { ask, looks } = watchHealth(() => promise);
    const answers = Array.from({ length: 100 }, ask);
    resolve({ waiting: 0 });
    expect(await Promise.all(answers)).toEqual(answers.map(() => 200));
    expect(looks()).toBe(1);
  });

  test("a change is shown after that time", async () => {
    let well = false;
    const { ask, pass } = watchHealth(() =>
      well ? Promise.resolve({ waiting: 0 }) : Promise.reject(new Error("away")),
    );
    expect(await ask()).toBe(503);
    well = true;
    expect(await ask()).toBe(503);
    pass(5_000);
    expect(await ask()).toBe(200);
  });
});

describe("details for commands that change or remove the relay", () => {
  const storage = { check: async () => ({ waiting: 0 }), countDeadLetters: async () => ({ count: 3, more: false }) };
  const tables = {
    ages: async () => [
      { row: "a", age: 1_000, properties: { configuration: "new" } },
      { row: "b", age: 1_000, properties: { configuration: "old" } },
      { row: "c", age: 1_000, properties: {} },
      { row: "d", age: 60_000, properties: { configuration: "gone" } },
    ],
  };
  const ask = async (closed: boolean) => {
    const marks = async () => ({ closed, wanted: undefined, held: false, former: "none" as const });
    const handler = healthHandler({
      version: "1.2.3",
      signingKeys: ["k"],
      configuration: "new",
      storage,
      marks,
      tables,
      budget: 1_000,
    });
    const answer = await handler(undefined as never, invocation().context);
    return answer && "jsonBody" in answer ? answer.jsonBody : undefined;
  };

  test("the digest of its settings, and of those with which forwarders have sent recently", async () => {
    expect(await ask(false)).toEqual({
      status: "ok",
      version: "1.2.3",
      signingKeys: true,
      configuration: "new",
      forwarders: { new: 1, old: 1, "": 1 },
      hasTakenEvents: true,
      deadLetters: { count: 3, more: false },
      ageSeconds: 0,
    });
  });

  test.each([
    ["none has come", 0, async () => [], false],
    ["one waits", 1, async () => [], true],
    ["one was sent, by an instance that is gone", 0, async () => [{ row: "d", age: 9_000_000, properties: {} }], true],
    ["the table does not answer", 0, () => Promise.reject(new Error("server busy")), undefined],
    ["one waits, and the table does not answer", 1, () => Promise.reject(new Error("server busy")), true],
  ])("whether it has accepted events: %s", async (_, waiting, ages, hasTakenEvents) => {
    const { countDeadLetters } = storage;
    const ports = { storage: { check: async () => ({ waiting }), countDeadLetters }, tables: { ages } };
    const answer = await healthHandler({
      version: "1.2.3",
      signingKeys: ["k"],
      ...ports,
      marks: noMarks,
      budget: 1_000,
    })(undefined as never, invocation().context);
    expect(answer).toMatchObject({ jsonBody: { status: "ok" } });
    expect((answer as { jsonBody: { hasTakenEvents?: boolean } }).jsonBody.hasTakenEvents).toBe(hasTakenEvents);
  });

  test("the number of dead letters, and whether the intake is closed", async () => {
    expect(await ask(true)).toMatchObject({ intake: "closed", deadLetters: { count: 3, more: false } });
  });

  test("the queues whose messages no function takes, as a check of the same moment finds", async () => {
    const watch = { untaken: ["outdated"], check: async () => void watch.untaken.splice(0, 1, "events-2") };
    const parts = { version: "1.2.3", signingKeys: ["k"], storage, marks: noMarks, watch, budget: 1_000 };
    const answer = await healthHandler(parts)(undefined as never, invocation().context);
    expect(answer).toMatchObject({ status: 200, jsonBody: { untaken: ["events-2"] } });
  });

  test("a slow count is left out, and the relay is healthy", async () => {
    const slow = {
      ...storage,
      countDeadLetters: (_enough: number, signal: AbortSignal) =>
        new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    const handler = healthHandler({
      version: "1.2.3",
      signingKeys: ["k"],
      storage: slow,
      marks: noMarks,
      budget: 1_000,
    });
    expect(await handler(undefined as never, invocation().context)).toEqual({
      status: 200,
      jsonBody: { status: "ok", version: "1.2.3", signingKeys: true, ageSeconds: 0 },
    });
  });

  test("a count that fails is left out", async () => {
    const failing = { ...storage, countDeadLetters: () => Promise.reject(new Error("no role")) };
    const marks = async () => ({ closed: true, wanted: undefined, held: false, former: "none" as const });
    const handler = healthHandler({ version: "1.2.3", signingKeys: ["k"], storage: failing, marks, budget: 1_000 });
    expect(await handler(undefined as never, invocation().context)).toEqual({
      status: 200,
      jsonBody: { status: "ok", version: "1.2.3", signingKeys: true, ageSeconds: 0, intake: "closed" },
    });
  });
});
