import { onOutcome } from "../../relay/azure/log.ts";
import { SummedLines } from "../../relay/azure/summed-lines.ts";
import { addCounts, noCounts } from "../../relay/core/counts/counts.ts";
import { invocation } from "./support/invocation.ts";

const counts = noCounts();
onOutcome((outcome) => addCounts(counts, outcome));
beforeEach(() => Object.assign(counts, noCounts()));

function world() {
  let now = 0;
  const timers: { at: number; callBack: () => void }[] = [];
  const written: Record<string, unknown>[] = [];
  const { context, lines } = invocation();
  const summed = new SummedLines({
    monotonic: () => now,
    schedule: (callBack, milliseconds) => void timers.push({ at: now + milliseconds, callBack }),
    write: (text) => written.push(JSON.parse(text)),
  });
  return {
    summed,
    refuse: (reason: string) => summed.add(context, { outcome: "refused", reason }),
    close: () => summed.add(context, { outcome: "closed", reason: "the relay is being taken down" }),
    fail: (reason: string) => summed.add(context, { outcome: "unavailable", reason }),
    pass: (milliseconds: number) => {
      now += milliseconds;
      for (const timer of timers.splice(0)) timer.at <= now ? timer.callBack() : timers.push(timer);
    },
    own: () => lines.map(({ level, outcome }) => ({ level, ...outcome })),
    written,
  };
}

test("a call after a quiet second has its line at once, as the only one", () => {
  const { refuse, pass, own, written } = world();
  refuse("no signature");
  pass(1_000);
  refuse("no key fits");
  expect(own()).toEqual([
    { level: "warning", outcome: "refused", refused: 1, reason: "no signature" },
    { level: "warning", outcome: "refused", refused: 1, reason: "no key fits" },
  ]);
  expect(written).toEqual([]);
});

test("a flood has one line a second, which says how many calls and why, and all are counted at once", () => {
  const { refuse, pass, own, written } = world();
  for (let milliseconds = 0; milliseconds < 10_000; milliseconds++) {
    refuse(milliseconds % 3 === 0 ? "no signature" : "no key fits");
    if (milliseconds === 500) expect(counts.refused).toBe(501);
    pass(1);
  }
  expect(own().length + written.length).toBeLessThanOrEqual(11);
  expect(written[0]).toEqual({ outcome: "refused", refused: 999, reasons: ["no key fits", "no signature"] });
  pass(1_000);
  const lines: Record<string, unknown>[] = [...own(), ...written];
  const sum = lines.reduce((total, { refused }) => total + Number(refused), 0);
  expect([sum, counts.refused]).toEqual([10_000, 10_000]);
});

test("one line names five reasons at most, however many a flood makes up", () => {
  const { refuse, pass, written } = world();
  for (let call = 0; call < 1_000; call++) refuse(`reason ${call}`);
  pass(1_000);
  expect(written).toMatchObject([{ refused: 999 }]);
  expect(written[0]?.reasons).toHaveLength(5);
});

test("calls that were refused and calls that could not be taken are summed apart", () => {
  const { refuse, fail, pass, written } = world();
  for (let call = 0; call < 3; call++) {
    refuse("no signature");
    fail("the storage is away");
  }
  pass(1_000);
  expect(written).toEqual([
    { outcome: "refused", refused: 2, reasons: ["no signature"] },
    { outcome: "unavailable", unavailable: 2, reasons: ["the storage is away"] },
  ]);
  expect([counts.refused, counts.unavailable]).toEqual([3, 3]);
});

test("at the process's end, sums without a line are written", () => {
  const { summed, refuse, written } = world();
  refuse("no signature");
  refuse("no signature");
  summed.flush();
  expect(written).toEqual([{ outcome: "refused", refused: 1, reasons: ["no signature"] }]);
});

test("calls at a closed intake are summed up too, as what is in order", () => {
  const { summed, close, pass, own, written } = world();
  for (let call = 0; call < 10; call++) close();
  pass(1_000);
  summed.flush();
  expect(own()).toEqual([expect.objectContaining({ outcome: "closed", closed: 1 })]);
  expect(written).toEqual([{ outcome: "closed", closed: 9, reasons: ["the relay is being taken down"] }]);
});
