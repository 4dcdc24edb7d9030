import fc from "fast-check";
import type { Verdict } from "../../relay/core/delivery/delivery.ts";
import { instancesFor, Pace, type RequestOutcome, type Turn } from "../../relay/core/delivery/pace.ts";
import { RateLimit } from "../../relay/core/delivery/rate-limit.ts";
import { Throttle } from "../../relay/core/delivery/throttle.ts";

describe("the rate limit", () => {
  const patience = Number.POSITIVE_INFINITY;

  test("gives places at even intervals, and saves up at most a tenth of a second of unused ones", () => {
    const limit = new RateLimit();
    const take = (now: number) => limit.take(now, { perSecond: 20, patience });
    expect([0, 0, 0, 0, 0].map(take)).toEqual([0, 0, 0, 50, 100]);
    expect([10_000, 10_000, 10_000, 10_000].map(take)).toEqual([0, 0, 0, 50]);
  });

  test("gives no place later than the caller can wait, and keeps it for the next", () => {
    const limit = new RateLimit();
    const take = (now: number) => limit.take(now, { perSecond: 0.2, patience: 4_000 });
    expect([0, 0, 800, 900].map(take)).toEqual([0, undefined, undefined, 4_000]);
  });

  test("no period has more requests than its rate allows, plus a tenth of a second's and one, for any callers", () => {
    const asked = fc.array(fc.nat(400), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 2_000 }), (waits, perSecond) => {
        const limit = new RateLimit();
        let now = 0;
        const starts = waits.map((wait) => {
          now += wait;
          return now + (limit.take(now, { perSecond, patience }) ?? 0);
        });
        starts.sort((a, b) => a - b);
        for (const [first, from] of starts.entries()) {
          for (const [more, to] of starts.slice(first).entries()) {
            expect(more + 1).toBeLessThanOrEqual((perSecond * (to - from + 100)) / 1000 + 1 + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("the pace of an instance", () => {
  const startsOf = (pace: Pace, instances: number, count: number) =>
    Array.from({ length: count }, () => pace.turn(0, instances, 0)).flatMap((turn) =>
      "wait" in turn ? [turn.wait] : [],
    );

  test("is its share of the total rate", () => {
    const alone = new Pace({ requestsPerSecond: 1000, random: () => 0 });
    expect(startsOf(alone, 1, 1_001).at(-1)).toBe(500);
    const oneOfForty = new Pace({ requestsPerSecond: 1000, random: () => 0 });
    expect(startsOf(oneOfForty, 40, 16).at(-1)).toBe(15 * 40 - 100);
  });

  test("any number of instances together keep to the total rate", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 1000 }),
        (instances, requestsPerSecond) => {
          const starts = Array.from({ length: instances }, () =>
            startsOf(new Pace({ requestsPerSecond, random: () => 0 }), instances, 300),
          ).flat();
          const inOneSecond = starts.filter((start) => start < 1000).length;
          expect(inOneSecond).toBeLessThanOrEqual(requestsPerSecond * 1.1 + instances);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("says when the next place is free if it is more than half a second away", () => {
    const pace = new Pace({ requestsPerSecond: 10, random: () => 0.5 });
    expect(startsOf(pace, 1, 20)).toEqual([0, 0, 100, 200, 300, 400, 500]);
    const why = "the rate limit towards Platform is reached";
    expect(pace.turn(0, 1, 0)).toEqual({ milliseconds: 350, seconds: 15, why });
    expect(pace.turn(350, 1, 0)).toMatchObject({ wait: 250 });
  });

  test("has no place for an instance too many", () => {
    const pace = new Pace({ requestsPerSecond: 10, random: () => 0.5 });
    expect(pace.turn(0, Number.POSITIVE_INFINITY, 0)).toMatchObject({ milliseconds: 5_000 });
    expect([0.5, 1, 1.9, 10, 800].map(instancesFor)).toEqual([1, 1, 1, 10, 800]);
  });

  const record = (pace: Pace, turn: Turn, verdict: Verdict, outcome: RequestOutcome) => {
    const request = pace.begin(turn, outcome.now, () => {});
    if (request) pace.record(request, verdict, outcome);
  };
  const fail = (pace: Pace, count: number, now: number, outcome: Partial<RequestOutcome> = {}) => {
    for (let at = 0; at < count; at += 1) {
      const turn = pace.turn(now, 1, 0);
      if ("wait" in turn) record(pace, turn, "retry", { now, isAnswer: true, ...outcome });
    }
  };
  const placesIn = (pace: Pace, from: number, milliseconds: number) => {
    let places = 0;
    for (let now = from; now < from + milliseconds; now += 1) while ("wait" in pace.turn(now, 1, 0)) places += 1;
    return places;
  };

  test("grows to the total rate within a second after an outage, and does not delay the probe", () => {
    const pace = new Pace({ requestsPerSecond: 1_000, random: () => 0 });
    fail(pace, 20, 0);
    expect(pace.pause(0, 0)).toMatchObject({ reason: "retry", milliseconds: 500 });
    const probe = pace.turn(10_000, 1, 0);
    expect(probe).toMatchObject({ wait: 0, permit: { isProbe: true } });
    if ("wait" in probe) record(pace, probe, "delivered", { now: 10_000, isAnswer: true });
    const places = placesIn(pace, 10_000, 1_000);
    expect(places).toBeGreaterThan(400);
    expect(places).toBeLessThan(1_300);
    expect(placesIn(pace, 11_000, 1_000)).toBeGreaterThan(980);
  });

  test("takes events in order, and at random while Platform fails", () => {
    const pace = new Pace({ requestsPerSecond: 1_000, random: () => 0.5 });
    expect(pace.choose(10, 0)).toBe(0);
    fail(pace, 20, 0);
    expect(pace.choose(10, 0)).toBe(5);
  });

  test("falls while Platform is overloaded, and recovers soon after", () => {
    const pace = new Pace({ requestsPerSecond: 1_000, random: () => 0 });
    for (let at = 0; at < 10; at += 1) fail(pace, 1, at * 1_000, { isOverload: true });
    // At full strength 700: half a second of places is given ahead, and a tenth made up for.
    expect(placesIn(pace, 9_001, 100)).toBeLessThan(100);
    expect(placesIn(pace, 18_000, 1_000)).toBeGreaterThan(980);
  });
});

describe("the throttle", () => {
  /** A hundred answers in each of some seconds, of which so many say overload. */
  const answer = (throttle: Throttle, seconds: number, overloads: number, from = 0) => {
    for (let at = 0; at < seconds * 100; at += 1) throttle.record(from + at * 10, at % 100 < overloads);
  };
  const strengths = (throttle: Throttle, ...times: number[]) => times.map((now) => throttle.strength(now).toFixed(2));

  test("slows by three tenths after each second of overload, and grows by half in each second without", () => {
    const throttle = new Throttle();
    expect(throttle.strength(0)).toBe(1);
    answer(throttle, 3, 21);
    expect(strengths(throttle, 2_990)).toEqual(["0.49"]);
    answer(throttle, 3, 20, 3_000);
    expect(strengths(throttle, 3_990, 4_000, 4_500, 5_000, 6_000)).toEqual(["0.34", "0.34", "0.42", "0.51", "0.77"]);
  });

  test("does not slow down because of a few answers", () => {
    const throttle = new Throttle();
    answer(throttle, 60, 20);
    expect(throttle.strength(60_000)).toBe(1);
  });

  test("has recovered from an overload long ago", () => {
    const throttle = new Throttle();
    answer(throttle, 1, 100);
    throttle.record(60_000, false);
    expect(throttle.strength(60_000)).toBe(1);
  });

  test("never stops completely", () => {
    const throttle = new Throttle();
    throttle.recover(0);
    answer(throttle, 60, 100);
    expect(strengths(throttle, 60_000)).toEqual(["0.10"]);
  });

  test("finds the rate that Platform takes, of which few requests are refused", () => {
    const throttle = new Throttle();
    const rate = { ours: 800, platforms: 100 };
    let [sent, taken, room] = [0, 0, 0];
    for (let now = 0, due = 0; now < 60_000; now += 1) {
      room = Math.min(rate.platforms, room + rate.platforms / 1_000);
      for (due += (rate.ours / 1_000) * throttle.strength(now); due >= 1; due -= 1) {
        const isTaken = room >= 1;
        throttle.record(now, !isTaken);
        if (isTaken) room -= 1;
        if (now < 20_000) continue;
        sent += 1;
        if (isTaken) taken += 1;
      }
    }
    expect(taken / 40).toBeGreaterThan(95);
    expect(sent / 40).toBeLessThan(150);
  });

  test("grows to the total rate within a second after an outage", () => {
    const throttle = new Throttle();
    throttle.recover(0);
    expect([0, 450, 900, 5_000].map((now) => throttle.strength(now))).toEqual([0.1, 0.55, 1, 1]);
  });
});
