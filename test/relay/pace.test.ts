import fc from "fast-check";
import { Pace } from "../../relay/core/pace.ts";
import { RateLimit } from "../../relay/core/rate-limit.ts";

describe("the rate limit", () => {
  const patience = Number.POSITIVE_INFINITY;

  test("gives places at even distances, and only a tenth of a second of what was not used", () => {
    const limit = new RateLimit();
    const take = (now: number) => limit.take(now, { perSecond: 20, patience });
    expect([0, 0, 0, 0, 0].map(take)).toEqual([0, 0, 0, 50, 100]);
    expect([10_000, 10_000, 10_000, 10_000].map(take)).toEqual([0, 0, 0, 50]);
  });

  test("gives no place beyond one's patience, and keeps it for the next", () => {
    const limit = new RateLimit();
    const take = (now: number) => limit.take(now, { perSecond: 0.2, patience: 4_000 });
    expect([0, 0, 800, 900].map(take)).toEqual([0, undefined, undefined, 4_000]);
  });

  test("whoever asks and whenever, no span of time has more requests than its rate allows and a tenth of a second's, and one", () => {
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
    Array.from({ length: count }, () => pace.turn(0, instances)).flatMap((turn) => ("wait" in turn ? [turn.wait] : []));

  test("is its share of the whole", () => {
    const alone = new Pace({ requestsPerSecond: 1000, random: () => 0 });
    expect(startsOf(alone, 1, 1_001).at(-1)).toBe(900);
    const oneOfForty = new Pace({ requestsPerSecond: 1000, random: () => 0 });
    expect(startsOf(oneOfForty, 40, 30).at(-1)).toBe(29 * 40 - 100);
  });

  test("instances together keep to the whole, however many there are", () => {
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

  test("sends an event back to the queue whose turn is more than 5 seconds off", () => {
    const pace = new Pace({ requestsPerSecond: 2, random: () => 0.5 });
    expect(startsOf(pace, 1, 20)).toEqual([0, 400, 900, 1400, 1900, 2400, 2900, 3400, 3900, 4400, 4900]);
    expect(pace.turn(0, 1)).toEqual({
      reason: "retry",
      seconds: 15,
      why: "the rate limit towards Platform is reached",
    });
  });

  test("grows from a fiftieth after an outage, whose probe waits for nobody", () => {
    const pace = new Pace({ requestsPerSecond: 100, random: () => 0 });
    for (let at = 0; at < 5; at += 1) {
      const turn = pace.turn(0, 1);
      if ("wait" in turn) pace.record(turn, "retry", { now: 0 });
    }
    expect(pace.pause(0)).toMatchObject({ reason: "retry", seconds: 3 });
    const probe = pace.turn(3_000, 1);
    expect(probe).toMatchObject({ wait: 0, permit: { probe: true } });
    if ("wait" in probe) pace.record(probe, "delivered", { now: 3_000 });
    expect(waitsAt(pace, 3_000, 3)).toEqual([0, 400, 900]);
    expect(waitsAt(pace, 18_000, 8)).toEqual([0, 0, 0, 0, 0, 0, 20, 40]);
  });

  const waitsAt = (pace: Pace, now: number, count: number) =>
    Array.from({ length: count }, () => pace.turn(now, 1)).map((turn) => ("wait" in turn ? turn.wait : undefined));
});
