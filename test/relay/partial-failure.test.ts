import { noAnswerInTime } from "../../relay/azure/delivery/platform-answer.ts";
import { receipt, refusal, Simulation, type SimulationOptions } from "./support/simulation.ts";

const seconds = 1_000;
const minutes = 60 * seconds;
const hours = 60 * minutes;
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** Queues a number of events at once, several per message. */
async function enqueue(simulation: Simulation, ids: readonly string[], each: number): Promise<void> {
  for (let at = 0; at < ids.length; at += each) await simulation.enqueue(...ids.slice(at, at + each));
}

/** Adds one event at a fixed interval in milliseconds. */
async function trickle(simulation: Simulation, ids: readonly string[], every: number, each = 1): Promise<void> {
  for (let at = 0; at < ids.length; at += each) {
    void simulation.enqueue(...ids.slice(at, at + each));
    await simulation.time.sleep(every * each);
  }
}

/** Printed with FIGURES=1. */
const figure = (text: string) => process.env.FIGURES && process.stdout.write(`${text}\n`);

const late = (simulation: Simulation, ids: readonly string[], limit: number) =>
  ids.filter((id) => simulation.waitOf(id) > limit).length / ids.length;

let simulation: Simulation;
function start(options: SimulationOptions): Simulation {
  simulation = new Simulation({ seed: 1, ...options });
  return simulation;
}
const random = () => simulation.random();

describe.each([1, 2, 3])("of answers at random (seed %i)", (seed) => {
  test.each([1, 10, 64])(
    "63 %% of the attempts fail: all of 200 events are through in a minute (%i a message)",
    async (each) => {
      const troubles = [
        refusal(500),
        refusal(503),
        { answer: { failure: "no answer: UND_ERR_SOCKET" }, after: 5 },
        { answer: { failure: noAnswerInTime }, after: 8 * seconds },
      ];
      const failures = new Map<string, number>();
      const { time, deliveredAt } = start({
        seed,
        answer: (id) => {
          const failed = failures.get(id) ?? 0;
          if (failed === 2 || random() >= 0.63) return receipt;
          failures.set(id, failed + 1);
          return troubles[Math.floor(random() * troubles.length)] ?? receipt;
        },
      });
      const ids = numbers(200).map((at) => `e${at}`);
      void enqueue(simulation, ids, each);
      await time.pass(5 * minutes, () => deliveredAt.size === 200);
      figure(`63 %, ${each} a message: ${time.now / 1000} s, ${simulation.totalAttempts} attempts`);
      expect(deliveredAt.size).toBe(200);
      expect(time.now).toBeLessThan(60 * seconds);
      expect(simulation.dead.size).toBe(0);
    },
  );

  test.each([1, 10])(
    "each attempt fails with a chance of 63 %%: all of 200 events but at most one are through in a minute (%i a message)",
    async (each) => {
      const troubles = [refusal(500), refusal(503), refusal(403), refusal(429)];
      const { time, deliveredAt } = start({
        seed,
        answer: () => (random() >= 0.63 ? receipt : (troubles[Math.floor(random() * troubles.length)] ?? receipt)),
      });
      void enqueue(
        simulation,
        numbers(200).map((at) => `e${at}`),
        each,
      );
      await time.pass(minutes, () => deliveredAt.size === 200);
      // One event in two thousand fails more than sixteen times, and then waits longer.
      expect(deliveredAt.size).toBeGreaterThanOrEqual(199);
      await time.pass(30 * minutes, () => deliveredAt.size === 200);
      figure(`63 % at random, ${each} a message: ${time.now / 1000} s, ${simulation.totalAttempts} attempts`);
      expect(deliveredAt.size).toBe(200);
    },
  );

  test.each([1, 10])("a Platform that needs 5 s for an answer gets none twice (%i a message)", async (each) => {
    const { time } = start({ seed, answer: () => ({ ...receipt, after: 5 * seconds * (0.7 + 0.6 * random()) }) });
    simulation.backlog(10_000, each);
    await time.pass(minutes);
    figure(`5 s an answer, ${each} a message: ${simulation.deliveredAt.size / 60} a second`);
    // The host runs 40 messages at once.
    expect(simulation.deliveredAt.size).toBeGreaterThan(each === 1 ? 300 : 2_000);
    expect(simulation.deliveredAgain).toBe(0);
    expect(simulation.mostAtOnce).toBeLessThanOrEqual(256);
  });

  test("events that were often answered 503 get 400: they are held, and at most three die", async () => {
    let isWrong = false;
    const failing = () => (simulation.random() < 0.9 ? refusal(503) : receipt);
    const { time, dead, attempts, deliveredAt } = start({ seed, answer: () => (isWrong ? refusal(400) : failing()) });
    void enqueue(
      simulation,
      numbers(300).map((at) => `e${at}`),
      1,
    );
    await time.pass(2 * minutes);
    const often = [...attempts].filter(([id, count]) => count >= 4 && !deliveredAt.has(id));
    expect(often.length).toBeGreaterThan(20);
    isWrong = true;
    await time.pass(12 * minutes);
    expect(dead.size).toBeLessThanOrEqual(3);
  });
});

// Here chance decides only how long a retry waits.
describe("of answers by time or by event", () => {
  test.each([1, 2, 5])(
    "an outage of 10 s at %i events/s is over 5 s after its end, with few attempts wasted",
    async (perSecond) => {
      const { time, deliveredAt } = start({
        answer: () => (time.now >= 2 * seconds && time.now < 12 * seconds ? refusal(503) : receipt),
      });
      const ids = numbers(14 * perSecond).map((at) => `e${at}`);
      void trickle(simulation, ids, seconds / perSecond);
      await time.pass(5 * minutes, () => deliveredAt.size === ids.length);
      figure(`outage at ${perSecond} a second: ${time.now / 1000} s, ${simulation.totalAttempts - ids.length} wasted`);
      expect(time.now).toBeLessThan(17 * seconds);
      expect(simulation.totalAttempts - ids.length).toBeLessThanOrEqual(70);
    },
  );

  test.each([
    ["no answers", 1, { answer: { failure: noAnswerInTime }, after: 8 * seconds }],
    ["no answers", 10, { answer: { failure: noAnswerInTime }, after: 8 * seconds }],
    ["503", 1, refusal(503)],
    ["503", 10, refusal(503)],
    ["503 with Retry-After", 10, refusal(503, "1")],
    ["403", 10, refusal(403)],
    ["a closed port", 10, { answer: { failure: "no answer: ECONNREFUSED" }, after: 1 }],
  ])(
    "an outage of 10 s (%s) at 200 events/s, %i a message, is over 5 s after its end, with few attempts wasted",
    async (name, each, trouble) => {
      const { time, deliveredAt } = start({
        answer: () => (time.now >= 2 * seconds && time.now < 12 * seconds ? trouble : receipt),
      });
      const ids = numbers(2_800).map((at) => `e${at}`);
      void trickle(simulation, ids, 5, each);
      await time.pass(5 * minutes, () => deliveredAt.size === 2_800);
      const onTime = ids.filter((id) => (simulation.queuedAt.get(id) ?? 0) < 12 * seconds);
      const lastOfOutage = Math.max(...onTime.map((id) => deliveredAt.get(id) ?? Number.POSITIVE_INFINITY));
      figure(
        `outage ${name}, ${each}: ${time.now / 1000} s, backlog ${lastOfOutage / 1000}, ${simulation.totalAttempts - 2_800} wasted`,
      );
      expect(time.now).toBeLessThan(17 * seconds);
      expect(simulation.totalAttempts - 2_800).toBeLessThanOrEqual(70);
    },
  );

  test.each([2, 5])(
    "after %i s without answers everything is through 5 s later, with few attempts wasted",
    async (length) => {
      const end = (2 + length) * seconds;
      const hang = { answer: { failure: noAnswerInTime }, after: 8 * seconds };
      const { time, deliveredAt } = start({
        answer: () => (time.now >= 2 * seconds && time.now < end ? hang : receipt),
      });
      const ids = numbers((4 + length) * 200).map((at) => `e${at}`);
      void trickle(simulation, ids, 5);
      await time.pass(5 * minutes, () => deliveredAt.size === ids.length);
      figure(
        `no answers for ${length} s: ${(time.now - end) / 1000} s, ${simulation.totalAttempts - ids.length} wasted`,
      );
      expect(time.now - end).toBeLessThan(5 * seconds);
      expect(simulation.totalAttempts - ids.length).toBeLessThanOrEqual(30);
    },
  );

  test.each([
    [50, 1 * seconds, 5 * minutes],
    [50, 1 * minutes, 4 * hours],
    [10, 10 * minutes, 20 * hours],
  ])(
    "%i events always fail, and a good one each %i ms comes: it is through in a minute",
    async (count, every, length) => {
      const { time, dead } = start({ answer: (id) => (id.startsWith("bad") ? refusal(500) : receipt) });
      const good = numbers(length / every).map((at) => `good${at}`);
      void enqueue(
        simulation,
        numbers(count).map((at) => `bad${at}`),
        25,
      );
      void trickle(simulation, good, every);
      await time.pass(length + minutes);
      figure(
        `${count} bad, one each ${every}: late ${late(simulation, good, 60)}, longest ${Math.max(...good.map((id) => simulation.waitOf(id)))}, attempts of the bad ${(simulation.totalAttempts - good.length) / count}`,
      );
      expect(late(simulation, good, 60)).toBeLessThanOrEqual(0.05);
      expect(dead.size).toBe(0);
    },
  );

  test.each(["3600", "Fri, 31 Dec 9999 23:59:59 GMT"])(
    "50 events always get 503 with Retry-After %j before any other event came: good ones are through in a minute",
    async (retryAfter) => {
      const { time } = start({ answer: (id) => (id.startsWith("bad") ? refusal(503, retryAfter) : receipt) });
      const good = numbers(600).map((at) => `good${at}`);
      void enqueue(
        simulation,
        numbers(50).map((at) => `bad${at}`),
        25,
      );
      void trickle(simulation, good, seconds);
      await time.pass(11 * minutes);
      expect(late(simulation, good, 60)).toBe(0);
    },
  );

  test.each([
    [403, "mixed", 20, 10],
    [404, "mixed", 20, 10],
    [401, "mixed", 20, 10],
    [403, "all of them first", 20, 5],
    [403, "all of them first", 1, 20],
    [500, "all of them first", 20, 20],
    [500, "all of them first", 1, 30],
    [403, "all of them last", 20, 3],
    [429, "all of them last", 20, 3],
    [500, "all of them last", 20, 3],
    [503, "a hundred in turn", 20, 20],
    [503, "a hundred in turn", 1, 20],
  ])(
    "of 1,000 events half get %i, %s (%i a message): the others are through within %i s, and none is given up",
    async (status, order, each, limit) => {
      const { time, deliveredAt, dead } = start({ answer: (id) => (id.startsWith("bad") ? refusal(status) : receipt) });
      const isBad = (at: number) => {
        if (order === "mixed") return random() < 0.5;
        if (order === "a hundred in turn") return at % 200 < 100;
        return order === "all of them last" ? at >= 500 : at < 500;
      };
      const ids = numbers(1_000).map((at) => (isBad(at) ? `bad${at}` : `good${at}`));
      const good = ids.filter((id) => id.startsWith("good"));
      void enqueue(simulation, ids, each);
      await time.pass(5 * minutes, () => good.every((id) => deliveredAt.has(id)));
      figure(`half ${status} ${order}, ${each} a message: ${time.now / 1000} s`);
      expect(deliveredAt.size).toBe(good.length);
      expect(time.now).toBeLessThan(limit * seconds);
      expect(dead.size).toBe(0);
    },
  );

  test.each([1, 2, 3])(
    "%i events get 400 while there are no others: each becomes a dead letter in a minute",
    async (count) => {
      const { time, dead } = start({ answer: () => refusal(400) });
      void enqueue(
        simulation,
        numbers(count).map((at) => `bad-${at}`),
        1,
      );
      await time.pass(minutes);
      expect(dead.size).toBe(count);
    },
  );

  test.each([false, true])(
    "1,000 events get 400 (after others were delivered: %j): they are held after a few dozen, and none dies",
    async (isWarm) => {
      const { time, dead } = start({ answer: (id) => (id.startsWith("first") ? receipt : refusal(400)) });
      if (isWarm) await Promise.all([simulation.enqueue("first"), time.pass(5 * seconds)]);
      void enqueue(
        simulation,
        numbers(1_000).map((at) => `e${at}`),
        20,
      );
      const from = time.now;
      await time.pass(from + 5 * seconds);
      const soon = simulation.totalAttempts;
      await time.pass(from + 10 * minutes);
      const held = simulation.lines.filter(({ level, outcome }) => level === "error" && Number(outcome.held) > 0);
      figure(
        `all 400, warm ${isWarm}: ${soon} soon, ${simulation.totalAttempts} attempts, ${dead.size} dead, ${held.length} lines`,
      );
      expect(soon).toBeLessThanOrEqual(60);
      expect(simulation.totalAttempts).toBeLessThanOrEqual(200);
      expect(dead.size).toBeLessThanOrEqual(isWarm ? 3 : 0);
      expect(held.length).toBeGreaterThan(0);
    },
  );
});
