import fc from "fast-check";
import { Breaker, type Pause, type Permit } from "../../relay/core/delivery/breaker.ts";
import type { Verdict } from "../../relay/core/delivery/delivery.ts";

const permit = (answer: Permit | Pause): Permit => {
  if ("seconds" in answer) throw new Error(`a pause of ${answer.milliseconds} ms`);
  return answer;
};
const pause = (answer: Permit | Pause): Pause => {
  if ("isProbe" in answer) throw new Error("leave was given");
  return answer;
};

/** Sends one request and records its result at once. */
function send(breaker: Breaker, verdict: Verdict, now: number, { isFresh = true, retryAfter }: Sending = {}): void {
  const leave = permit(breaker.enter(now, isFresh));
  breaker.begin(leave, now);
  breaker.record(leave, verdict, { now, retryAfter });
}
interface Sending {
  readonly isFresh?: boolean;
  readonly retryAfter?: number;
}

function openBreaker(verdict: Verdict = "retry", random = () => 0): Breaker {
  const breaker = new Breaker(random);
  for (let at = 0; at < 20; at += 1) send(breaker, verdict, 0);
  return breaker;
}

test("Platform counts as down after 20 failures in a row, not after 19", () => {
  const breaker = new Breaker(() => 0);
  for (let at = 0; at < 19; at += 1) send(breaker, "retry", 0);
  send(breaker, "delivered", 0);
  for (let at = 0; at < 19; at += 1) send(breaker, "retry", 0);
  expect(breaker.isAway).toBe(false);
  send(breaker, "retry", 0);
  expect(breaker.isAway).toBe(true);
  expect(breaker.pause(0, true)).toEqual({
    reason: "retry",
    milliseconds: 500,
    seconds: 1,
    why: "Platform accepts nothing; the relay tries again from time to time",
  });
});

test("Platform does not count as down while anything is delivered, however much fails", () => {
  const breaker = new Breaker(() => 0);
  for (let at = 0; at < 1_000; at += 1) send(breaker, at % 20 === 19 ? "delivered" : at % 2 ? "retry" : "hold", at);
  expect(breaker.isAway).toBe(false);
});

test("Retry-After delays no event while others pass, and while Platform is down, new ones for half a minute at most", () => {
  const breaker = new Breaker(() => 0);
  send(breaker, "delivered", 0);
  send(breaker, "retry", 0, { retryAfter: 120 });
  expect(breaker.pause(0, true)).toBeUndefined();
  for (let at = 0; at < 19; at += 1) send(breaker, "retry", 0, { retryAfter: 120 });
  expect([true, false].map((isFresh) => breaker.pause(0, isFresh)?.milliseconds)).toEqual([30_000, 120_000]);
  send(breaker, "retry", 30_000, { retryAfter: 5 });
  expect([true, false].map((isFresh) => breaker.pause(30_000, isFresh)?.milliseconds)).toEqual([5_000, 90_000]);
});

test("events that failed before count for a quarter", () => {
  const breaker = new Breaker(() => 0);
  for (let at = 0; at < 79; at += 1) send(breaker, "retry", 0, { isFresh: false });
  expect(breaker.isAway).toBe(false);
  send(breaker, "retry", 0, { isFresh: false });
  expect(breaker.isAway).toBe(true);
});

test("one probe at a time; any delivery ends the outage", () => {
  const breaker = openBreaker();
  const probe = permit(breaker.enter(500, true));
  expect(probe.isProbe).toBe(true);
  expect(pause(breaker.enter(501, true)).milliseconds).toBe(499);
  expect(breaker.record(probe, "delivered", { now: 600 })).toBe(true);
  expect(permit(breaker.enter(600, true)).isProbe).toBe(false);
  const other = openBreaker();
  other.record({ isFresh: false, isProbe: false }, "delivered", { now: 1 });
  expect(other.isAway).toBe(false);
});

test("a probe without an answer does not prevent the next one", () => {
  const breaker = openBreaker();
  permit(breaker.enter(500, true));
  expect(permit(breaker.enter(1_000, true)).isProbe).toBe(true);
});

test("probes of events that failed before do not use up those of fresh events", () => {
  const breaker = openBreaker();
  const stuck = new Set<number>();
  for (let now = 0; now < 60_000; now += 100) {
    const leave = breaker.enter(now, false);
    if ("seconds" in leave) continue;
    stuck.add(now);
    breaker.record(leave, "retry", { now });
  }
  expect(stuck.size).toBeGreaterThan(10);
  expect(permit(breaker.enter(60_000, true)).isProbe).toBe(true);
});

test.each<[Verdict, number[]]>([
  ["retry", [500, 500, 1_000, 30_000, 180_000, 900_000, 900_000]],
  ["hold", [1_000, 1_000, 1_000, 30_000, 180_000, 900_000, 900_000]],
])("in a long outage (%s) probes become rarer", (verdict, expected) => {
  const waits = [1, 10, 20, 600, 3_600, 18_000, 600_000].map((age) => {
    const breaker = openBreaker(verdict);
    breaker.record(permit(breaker.enter(age * 1000, true)), verdict, { now: age * 1000 });
    return breaker.pause(age * 1000, true)?.milliseconds;
  });
  expect(waits).toEqual(expected);
});

test("messages come back spread over a quarter of the outage so far, 15 minutes at most", () => {
  const secondsAt = (age: number, random: number) => {
    const breaker = openBreaker("retry", () => random);
    breaker.enter(age * 1000, true);
    return breaker.pause(age * 1000, true)?.seconds;
  };
  expect([10, 600, 3_600, 36_000].map((age) => [secondsAt(age, 0), secondsAt(age, 0.999_99)])).toEqual([
    [1, 3],
    [30, 180],
    [180, 1080],
    [900, 1800],
  ]);
});

test("an outage right after another starts at half of its age; after half a minute it starts at zero", () => {
  const intervalAfter = (milliseconds: number) => {
    const breaker = openBreaker();
    send(breaker, "delivered", 3_600_000);
    const now = 3_600_000 + milliseconds;
    for (let at = 0; at < 20; at += 1) send(breaker, "retry", now);
    return breaker.pause(now, true)?.milliseconds;
  };
  expect([0, 29_999, 30_000].map(intervalAfter)).toEqual([90_000, 90_000, 500]);
});

describe("a refusal", () => {
  test("is the event's own fault as long as others pass", () => {
    const breaker = new Breaker(() => 0);
    expect(breaker.othersPass).toBe(false);
    send(breaker, "delivered", 0);
    expect(breaker.othersPass).toBe(true);
    for (let at = 0; at < 3; at += 1) send(breaker, "dead", 0);
    expect(breaker.othersPass).toBe(false);
    send(breaker, "delivered", 0);
    expect(breaker.othersPass).toBe(true);
  });

  test("of every event is a mistake that an operator has to fix", () => {
    expect(openBreaker("dead").pause(0, true)?.reason).toBe("hold");
    expect(openBreaker("hold").pause(0, true)?.reason).toBe("hold");
  });
});

test("at most 24 requests and a probe run at once while nothing has been delivered for 2 seconds", () => {
  const breaker = new Breaker(() => 0);
  const leave = permit(breaker.enter(0, true));
  const countBegun = () => Array.from({ length: 30 }, () => breaker.begin(leave, 0)).filter(Boolean).length;
  expect(countBegun()).toBe(24);
  expect(breaker.begin({ isFresh: true, isProbe: true }, 0)).toBe(true);
  for (let at = 0; at < 2; at += 1) breaker.record(leave, "retry", { now: 0 });
  expect(countBegun()).toBe(1);
  breaker.record(leave, "delivered", { now: 0 });
  expect(countBegun()).toBe(30);
  expect(breaker.begin(leave, 2_000)).toBe(true);
  expect(breaker.begin(leave, 2_001)).toBe(false);
});

const step = fc.record({
  wait: fc.nat(120_000),
  isFresh: fc.boolean(),
  verdict: fc.constantFrom<Verdict>("delivered", "dead", "retry", "hold"),
  retryAfter: fc.option(fc.nat(3_600), { nil: undefined }),
});

test("it never stays closed: a probe is allowed within an hour, and a successful one ends the outage", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const breaker = new Breaker(() => 0.999);
      let now = 0;
      for (const { wait, isFresh, verdict, retryAfter } of steps) {
        now += wait;
        const leave = breaker.enter(now, isFresh);
        if ("isProbe" in leave) breaker.record(leave, verdict, { now, retryAfter });
        else expect(leave.seconds).toBeGreaterThanOrEqual(1);
      }
      now += 60 * 60 * 1000;
      for (const isFresh of [true, false]) {
        breaker.record(permit(breaker.enter(now, isFresh)), "delivered", { now });
        expect(breaker.isAway).toBe(false);
      }
    }),
  );
});
