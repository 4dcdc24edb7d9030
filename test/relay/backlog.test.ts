import { receipt, refusal, Simulation } from "./support/simulation.ts";

/** Printed with FIGURES=1. */
const figure = (text: string) => process.env.FIGURES && process.stdout.write(`${text}\n`);

const slow = () => ({ ...receipt, after: 150 });

/** A backlog of that many messages, while the intake keeps writing two a second. */
function behind(simulation: Simulation, messages: number, each: number): void {
  simulation.backlog(messages, each);
  void (async () => {
    for (let at = 0; ; at += 1) {
      await simulation.enqueue(`new${at}`).catch(() => undefined);
      await simulation.time.sleep(500);
    }
  })();
}

describe.each([
  ["one instance", 1, 4, undefined],
  ["40 instances", 40, 4, undefined],
  ["40 instances, one event per message", 40, 1, undefined],
  ["40 instances, 60 events a message", 40, 60, undefined],
  ["40 instances, a queue that takes 2,000 operations a second", 40, 4, 2_000],
])("at 100 requests a second with 30,000 messages waiting: %s", (name, instances, each, queueLimit) => {
  test("waiting costs almost nothing, the full rate is used, and the intake can still write", async () => {
    const simulation = new Simulation({
      instances,
      requestsPerSecond: 100,
      answer: slow,
      ...(queueLimit && { queueLimit }),
    });
    // Full messages are slow to make, and the test looks at these only.
    behind(simulation, each > 10 ? 4_000 : 30_000, each);
    const seconds = 60;
    await simulation.time.pass(seconds * 1_000);
    const delivered = simulation.deliveredAt.size;
    const { executions, tableCalls, queueCalls, failedWrites, poisoned } = simulation;
    figure(
      `${name}: ${(delivered / seconds).toFixed(1)} events/s; an event: ${(executions / delivered).toFixed(2)} executions, ` +
        `${(tableCalls / delivered).toFixed(2)} table and ${(queueCalls / delivered).toFixed(2)} queue calls; ${failedWrites} writes failed`,
    );
    expect(delivered / seconds).toBeGreaterThan(95);
    expect(delivered / seconds).toBeLessThan(106);
    expect(executions / delivered).toBeLessThan(1.5);
    // Events that are being sent are not delivered yet.
    expect(tableCalls / delivered).toBeLessThan(1.1);
    expect([failedWrites, poisoned]).toEqual([0, 0]);
  }, 120_000);
});

test("if Platform accepts less than the rate, all of that is used, and few requests are refused", async () => {
  const limit = 100;
  let [room, filledAt] = [limit, 0];
  const answer = () => {
    const { now } = simulation.time;
    room = Math.min(limit, room + ((now - filledAt) / 1_000) * limit);
    filledAt = now;
    if (room < 1) return refusal(429);
    room -= 1;
    return slow();
  };
  const simulation: Simulation = new Simulation({ instances: 2, requestsPerSecond: 800, answer });
  behind(simulation, 3_000, 10);
  await simulation.time.pass(20_000);
  const [attempts, delivered] = [simulation.totalAttempts, simulation.deliveredAt.size];
  await simulation.time.pass(60_000);
  const each = (simulation.totalAttempts - attempts) / (simulation.deliveredAt.size - delivered);
  figure(`${(delivered / 20).toFixed(1)} events/s; later ${each.toFixed(2)} attempts an event`);
  expect((simulation.deliveredAt.size - delivered) / 40).toBeGreaterThan(98);
  expect(each).toBeLessThan(1.6);
}, 120_000);
