import fc from "fast-check";
import { Breaker, type Pause, type Permit } from "../../relay/core/breaker.ts";

const permit = (answer: Permit | Pause): Permit => {
  if ("seconds" in answer) throw new Error(`a pause of ${answer.seconds} s`);
  return answer;
};
const pause = (answer: Permit | Pause): Pause => {
  if ("period" in answer) throw new Error("leave was given");
  return answer;
};

/** Sends one request whose end is known at once. */
function send(
  breaker: Breaker,
  verdict: "delivered" | "dead" | "retry" | "hold",
  now: number,
  retryAfter?: number,
): void {
  breaker.record(permit(breaker.enter(now)), verdict, { now, retryAfter });
}

function opened(verdict: "retry" | "hold" = "retry", random = () => 0): Breaker {
  const breaker = new Breaker(random);
  for (let at = 0; at < 5; at += 1) send(breaker, verdict, 0);
  return breaker;
}

test("lets everything through while answers are good, refusals of single events among them", () => {
  const breaker = new Breaker(() => 0);
  for (let at = 0; at < 100; at += 1)
    send(breaker, (["delivered", "retry", "dead", "retry"] as const)[at % 4] ?? "dead", at);
  expect(breaker.pause(100)).toBeUndefined();
  expect(breaker.strength(100)).toBe(1);
});

test("opens after five failures in a row, not after four", () => {
  const breaker = new Breaker(() => 0);
  for (let at = 0; at < 4; at += 1) send(breaker, "retry", 0);
  expect(breaker.pause(0)).toBeUndefined();
  send(breaker, "retry", 0);
  expect(breaker.pause(0)).toEqual({
    reason: "retry",
    seconds: 3,
    why: "Platform took nothing lately, and is left alone for a while",
  });
});

test("opens at once for as long as Platform asks, and a wish beyond reason counts as an hour", () => {
  const breaker = new Breaker(() => 0);
  send(breaker, "retry", 0, 120);
  expect(pause(breaker.enter(0)).seconds).toBe(123);
  const other = new Breaker(() => 0);
  send(other, "retry", 0, 1e9);
  expect(pause(other.enter(0)).seconds).toBe(3603);
});

test("what was under way when it opened neither closes it nor makes the pause longer", () => {
  const breaker = new Breaker(() => 0);
  const underWay = [permit(breaker.enter(0)), permit(breaker.enter(0))] as const;
  for (let at = 0; at < 5; at += 1) send(breaker, "retry", 0);
  breaker.record(underWay[0], "delivered", { now: 0 });
  breaker.record(underWay[1], "retry", { now: 0 });
  expect(breaker.pause(0)?.seconds).toBe(3);
  expect(breaker.isValid(underWay[0])).toBe(false);
});

test("after the pause one request alone finds out; a good answer lets the rest follow, ever faster", () => {
  const breaker = opened();
  const probe = permit(breaker.enter(3_000));
  expect(probe.probe).toBe(true);
  expect(pause(breaker.enter(3_001)).reason).toBe("retry");
  breaker.record(probe, "delivered", { now: 4_000 });
  expect(permit(breaker.enter(4_000)).probe).toBe(false);
  expect([4_000, 5_500, 19_000, 34_000, 99_000].map((now) => breaker.strength(now))).toEqual([0, 0.05, 0.5, 1, 1]);
});

test("a probe whose end nobody hears of is followed by another after 45 seconds", () => {
  const breaker = opened();
  const lost = permit(breaker.enter(3_000));
  expect(breaker.pause(47_999)).toBeDefined();
  const second = permit(breaker.enter(48_000));
  breaker.record(lost, "retry", { now: 48_001 });
  breaker.record(second, "delivered", { now: 48_002 });
  expect(breaker.pause(48_002)).toBeUndefined();
});

test("a probe that takes as long as two access tokens and two requests is heard", () => {
  const breaker = opened();
  const probe = permit(breaker.enter(3_000));
  expect(pause(breaker.enter(42_000)).reason).toBe("retry");
  breaker.record(probe, "delivered", { now: 43_000 });
  expect(breaker.pause(43_000)).toBeUndefined();
});

test.each([
  ["retry" as const, [3, 5, 10, 20, 40, 80, 160, 320, 450, 450]],
  ["hold" as const, [150, 300, 600, 1200, 1800, 1800]],
])("each probe that fails (%s) doubles the pause, up to half its cap and more by chance", (verdict, expected) => {
  const breaker = opened(verdict);
  let now = 0;
  const seconds = expected.map(() => {
    const { seconds } = pause(breaker.enter(now));
    now += seconds * 1000;
    send(breaker, verdict, now);
    return seconds;
  });
  expect(seconds).toEqual(expected);
});

test("a short recovery makes the next pause shorter, a whole one the shortest again", () => {
  const afterRecoveryOf = (milliseconds: number) => {
    const breaker = opened();
    let now = 0;
    for (let failed = 0; failed < 7; failed += 1) {
      now += pause(breaker.enter(now)).seconds * 1000;
      send(breaker, "retry", now);
    }
    now += pause(breaker.enter(now)).seconds * 1000;
    send(breaker, "delivered", now);
    now += milliseconds;
    for (let at = 0; at < 5; at += 1) send(breaker, "retry", now);
    return pause(breaker.enter(now)).seconds;
  };
  expect([0, 29_999, 30_000].map(afterRecoveryOf)).toEqual([40, 40, 3]);
});

test("messages are told to come back at different times, within half the pause after its end", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(2_500), (random, now) => {
      const breaker = opened("retry", () => random);
      const full = Math.ceil((5 * (1 + random)) / 2);
      const { seconds } = pause(breaker.enter(now));
      expect(seconds).toBeGreaterThanOrEqual(Math.ceil(full - now / 1000));
      expect(seconds).toBeLessThanOrEqual(Math.ceil(full * 1.5));
    }),
  );
});

const step = fc.record({
  wait: fc.nat(120_000),
  verdict: fc.constantFrom("delivered" as const, "dead" as const, "retry" as const, "hold" as const),
  retryAfter: fc.option(fc.nat(100_000), { nil: undefined }),
});

test("whatever happens, it never stays shut: a probe may go within the longest pause, and a good one opens the way", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const breaker = new Breaker(() => 0.999);
      let now = 0;
      for (const { wait, verdict, retryAfter } of steps) {
        now += wait;
        const leave = breaker.enter(now);
        if ("period" in leave) breaker.record(leave, verdict, { now, retryAfter });
        else expect(leave.seconds).toBeGreaterThanOrEqual(1);
      }
      // A wish of an hour, and the longest pause on top.
      now += 2 * 60 * 60 * 1000;
      breaker.record(permit(breaker.enter(now)), "delivered", { now });
      expect("period" in breaker.enter(now)).toBe(true);
    }),
  );
});

test("through an outage of any length there is one probe at a time, and ever fewer", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 * 24 }), (hours) => {
      const breaker = new Breaker(() => 0.5);
      let requests = 0;
      // Somebody asks each second.
      for (let now = 0; now < hours * 60 * 60 * 1000; now += 1000) {
        const leave = breaker.enter(now);
        if ("seconds" in leave) continue;
        requests += 1;
        breaker.record(leave, "retry", { now });
      }
      // Five to notice, eight while the pause grows, then one in some 11 minutes.
      expect(requests).toBeLessThanOrEqual(5 + 8 + hours * 6);
    }),
    { numRuns: 10 },
  );
});
