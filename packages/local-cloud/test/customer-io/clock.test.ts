import fc from "fast-check";
import { AdjustableClock } from "../../src/customer-io/clock.ts";

const start = new Date("2026-01-01T00:00:00.000Z");

test("a stopped clock moves only by advance, and not while work is pending", async () => {
  const clock = AdjustableClock.stoppedAt(start);
  let finish = () => {};
  clock.holdFor(new Promise<void>((resolve) => (finish = resolve)));
  const advanced = clock.advance(5000);
  await new Promise(setImmediate);
  expect(clock.now()).toBe(start.getTime());
  finish();
  await advanced;
  expect(clock.now()).toBe(start.getTime() + 5000);
  expect(clock.seconds()).toBe(1767225605);
});

test("each wait ends at its own time, in order, including the waits that follow from it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(10_000), { maxLength: 20 }), fc.nat(12_000), async (delays, advance) => {
      const clock = AdjustableClock.stoppedAt(start);
      const ended: number[] = [];
      const note = () => ended.push(clock.now() - start.getTime());
      for (const delay of delays) {
        clock.at(clock.now() + delay, () => {
          note();
          clock.at(clock.now() + 100, note);
        });
      }
      await clock.advance(advance);
      const expected = delays.flatMap((delay) => [delay, delay + 100]).filter((time) => time <= advance);
      expect(ended).toEqual(expected.sort((a, b) => a - b).filter((time) => time <= advance));
      expect(clock.now()).toBe(start.getTime() + advance);
    }),
  );
});

test("a cancelled wait doesn't end", async () => {
  const clock = AdjustableClock.stoppedAt(start);
  let ended = false;
  const cancel = clock.at(clock.now() + 10, () => {
    ended = true;
  });
  cancel();
  await clock.advance(20);
  expect(ended).toBe(false);
});

test("a running clock follows real time and can be advanced on top", async () => {
  const clock = AdjustableClock.running();
  const before = Date.now();
  const waited = new Promise<void>((resolve) => clock.at(clock.now() + 5, resolve));
  await waited;
  await clock.advance(3_600_000);
  expect(clock.now()).toBeGreaterThanOrEqual(before + 3_600_000);
});
