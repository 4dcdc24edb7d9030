import type { Fence, Fenced } from "../../relay/azure/delivery/fence.ts";
import { PacedClient } from "../../relay/azure/delivery/paced-client.ts";
import { noAnswerInTime, type PlatformAnswer } from "../../relay/azure/delivery/platform-answer.ts";
import { Pace } from "../../relay/core/delivery/pace.ts";
import { openForwarder } from "./support/open-ports.ts";

const answerOf = (status: number, retryAfter: string | null = null): PlatformAnswer => ({
  status,
  retryAfter,
  detail: "",
});
const ok = answerOf(200);
const times = (count: number, answer: PlatformAnswer) => Array.from({ length: count }, () => answer);

function pacedClient(
  answers: (PlatformAnswer | Fenced)[],
  requestsPerSecond = 10_000,
  fence: Fence = openForwarder.fence,
) {
  const sent: string[] = [];
  let now = 0;
  const client = new PacedClient({
    client: {
      send: async (body) => {
        sent.push(body);
        return answers.shift() ?? ok;
      },
    },
    pace: new Pace({ requestsPerSecond, random: () => 0 }),
    fence,
    instances: async () => 1,
    monotonic: () => now,
    clock: () => new Date("2026-11-20T10:00:00.000Z"),
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  });
  const send = async (body: string, attempts = 0, patience = 0, wasRefused = false) => {
    const turn = await client.turn(attempts, client.newRank(), patience);
    return "seconds" in turn ? turn : turn.send(body, wasRefused);
  };
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { client, sent, send, pass, time: () => now };
}

test("returns Platform's answer and its meaning", async () => {
  const { send } = pacedClient([answerOf(503)]);
  expect(await send("{}")).toEqual({ answer: answerOf(503), verdict: "retry" });
  expect(await send("{}")).toEqual({ answer: ok, verdict: "delivered" });
});

test("an event that was not sent, since newer settings came into force while it waited for a token, counts as no failure", async () => {
  const fenced = { seconds: 7, why: "newer settings" };
  const { client, sent, send } = pacedClient([ok, ...Array(100).fill(fenced)]);
  expect(await send("0")).toMatchObject({ verdict: "delivered" });
  for (let at = 1; at <= 100; at += 1) {
    expect(await send(`${at}`)).toEqual({ milliseconds: 7_000, ...fenced });
  }
  expect(client.isAway).toBe(false);
  expect(await send("last")).toMatchObject({ verdict: "delivered" });
  expect(sent).toHaveLength(102);
});

test("waits for its turn at the rate limit as long as allowed, and no longer", async () => {
  const { send, time } = pacedClient([], 1);
  for (let at = 0; at < 5; at += 1) expect(await send(`${at}`, 0, 60_000)).toMatchObject({ verdict: "delivered" });
  expect(time()).toBe(3_900);
  expect(await send("5", 0, 600)).toMatchObject({ why: "the rate limit towards Platform is reached" });
});

test("sends the events of earlier messages first, whenever they ask", async () => {
  const { client, sent } = pacedClient([], 1);
  const [first, second, third] = [client.newRank(), client.newRank(), client.newRank()];
  const sendOf = async (body: string, rank: number) => {
    const turn = await client.turn(0, rank, 60_000);
    if ("send" in turn) await turn.send(body, false);
  };
  const asked = [
    ["0", first],
    ["4", third],
    ["2", second],
    ["1", first],
    ["3", second],
  ] as const;
  await Promise.all(asked.map(([body, rank]) => sendOf(body, rank)));
  expect(sent).toEqual(["0", "1", "2", "3", "4"]);
});

test("while there is no room for a further request, nobody overtakes", async () => {
  const sent: string[] = [];
  const answers: (() => void)[] = [];
  const client = new PacedClient({
    client: {
      send: (body) => {
        sent.push(body);
        return new Promise((resolve) => answers.push(() => resolve(ok)));
      },
    },
    pace: new Pace({ requestsPerSecond: 1_000_000, random: () => 0 }),
    fence: openForwarder.fence,
    instances: async () => 1,
    monotonic: () => 0,
    clock: () => new Date("2026-11-20T10:00:00.000Z"),
    sleep: () => new Promise(() => undefined),
  });
  const settle = () => new Promise(setImmediate);
  const turns = await Promise.all(Array.from({ length: 16 }, () => client.turn(0, client.newRank(), 60_000)));
  const send = (at: number) => {
    const turn = turns[at];
    return turn && "send" in turn ? turn.send(`${at}`, false) : undefined;
  };
  const first = Array.from({ length: 15 }, (_, at) => send(at));
  await settle();
  expect(sent).toHaveLength(12);
  answers[0]?.();
  const late = send(15);
  await settle();
  expect(sent.slice(12)).toEqual(["12"]);
  for (let at = 1; at < 4; at += 1) answers[at]?.();
  await settle();
  expect(sent.slice(12)).toEqual(["12", "13", "14", "15"]);
  for (const answer of answers) answer();
  expect(await Promise.all([...first, late])).toHaveLength(16);
});

test.each<[string, PlatformAnswer]>([
  ["retry", { failure: "no answer" }],
  ["hold", answerOf(403)],
])("waits out a short pause, and not a long one (%s)", async (reason, answer) => {
  const { client, send, sent, pass, time } = pacedClient(times(100, answer));
  for (let at = 0; at < 20; at += 1) await send(`${at}`);
  expect(client.isAway).toBe(true);
  expect(client.pause(0)).toBeUndefined();
  await send("probe", 0, 60_000);
  expect([sent.length, time()]).toEqual([21, 500]);
  pass(600_000);
  await send("another", 0, 60_000);
  expect(client.pause(0)).toMatchObject({ reason, milliseconds: expect.any(Number), seconds: 31 });
  expect(await send("none", 0, 60_000)).toMatchObject({ reason });
  expect(sent).toHaveLength(22);
});

test("of the messages that wait for a probe, one stays, and the others make room", async () => {
  const { client, send } = pacedClient(times(21, answerOf(503)));
  for (let at = 0; at < 20; at += 1) await send(`${at}`);
  const turns = await Promise.all(Array.from({ length: 5 }, () => client.turn(0, client.newRank(), 60_000)));
  expect(turns.map((turn) => ("seconds" in turn ? turn.seconds : "probe"))).toEqual(["probe", 1, 1, 1, 1]);
});

test("an event whose turn had come when Platform went down is not sent", async () => {
  const { client, sent, send } = pacedClient(times(20, answerOf(503)));
  const turn = await client.turn(0, client.newRank(), 0);
  for (let at = 0; at < 20; at += 1) await send(`${at}`);
  expect("send" in turn && (await turn.send("late", false))).toMatchObject({ seconds: 1 });
  expect(sent).not.toContain("late");
});

test("an event whose turn has come is not sent once newer settings are in force, and no request counts as under way", async () => {
  let fenced: Awaited<ReturnType<Fence>> = { seconds: 7, why: "newer settings" };
  const { client, sent, send } = pacedClient(times(20, answerOf(503)), 10_000, async () => fenced);
  const pause = { seconds: 7, milliseconds: 7_000, why: "newer settings" };
  for (let at = 0; at < 1_000; at += 1) expect(await send(`${at}`)).toEqual(pause);
  expect([sent, client.isAway]).toEqual([[], false]);
  fenced = undefined;
  expect(await send("now")).toMatchObject({ verdict: "retry" });
});

describe("a refusal (400, 413, 415, 422)", () => {
  test("is the event's fault if others pass", async () => {
    const { send } = pacedClient([ok, answerOf(400), answerOf(413)]);
    const verdicts = [await send("0"), await send("1"), await send("2")];
    expect(verdicts).toMatchObject([{ verdict: "delivered" }, { verdict: "dead" }, { verdict: "dead" }]);
  });

  test("is doubted if nothing passes, and held if everything is refused, until something passes", async () => {
    const { send, pass } = pacedClient([...times(21, answerOf(400)), ok, answerOf(400)]);
    const verdicts = [];
    for (let at = 0; at < 20; at += 1) verdicts.push(await send(`${at}`));
    expect(verdicts.slice(0, 19)).toEqual(times(19, answerOf(400)).map((answer) => ({ answer, verdict: "retry" })));
    expect(verdicts[19]).toMatchObject({ verdict: "hold" });
    pass(1_000);
    expect(await send("probe")).toMatchObject({ verdict: "hold" });
    pass(1_000);
    expect(await send("better")).toMatchObject({ verdict: "delivered" });
    expect(await send("bad")).toMatchObject({ verdict: "dead" });
  });

  test("of an event that is alone is its own after five attempts", async () => {
    const { send } = pacedClient(times(7, answerOf(400)));
    const verdicts = [];
    for (let attempts = 0; attempts < 5; attempts += 1) verdicts.push(await send("alone", attempts, 0, attempts > 0));
    expect(verdicts).toMatchObject([...Array(4).fill({ verdict: "retry" }), { verdict: "dead" }]);
    // If other trouble kept it until now, this is its first refusal.
    expect(await send("old", 30)).toMatchObject({ verdict: "retry" });
    expect(await send("old", 31, 0, true)).toMatchObject({ verdict: "dead" });
  });
});

test.each<[string, PlatformAnswer, boolean]>([
  ["429", answerOf(429), true],
  ["a Retry-After", answerOf(503, "1"), true],
  ["no answer in time", { failure: noAnswerInTime }, true],
  ["500", answerOf(500), false],
  ["a broken connection", { failure: "no answer: ECONNRESET" }, false],
])("slows down after %s: %j", async (_, answer, isSlower) => {
  const { send, time } = pacedClient([ok, ...times(10, answer), ...times(100, ok), ...times(10, answer)], 10);
  for (let at = 0; at < 31; at += 1) await send(`${at}`, 0, 60_000);
  expect(time() > 3_000).toBe(isSlower);
});
