import { logOutcome, onOutcome } from "../../relay/azure/log.ts";
import { SummedLines } from "../../relay/azure/summed-lines.ts";
import { addCounts, noCounts } from "../../relay/core/counts/counts.ts";
import type { Outcome } from "../../relay/core/delivery/outcomes.ts";
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
    refuse: (reason: string) => logOutcome(context, { outcome: "refused", refused: 1, reason }, summed),
    close: () => logOutcome(context, { outcome: "closed", closed: 1, reason: "the relay is being taken down" }, summed),
    fail: (reason: string) => logOutcome(context, { outcome: "unavailable", unavailable: 1, reason }, summed),
    log: (outcome: Outcome) => logOutcome(context, outcome, summed),
    pass: (milliseconds: number) => {
      now += milliseconds;
      for (const timer of timers.splice(0)) timer.at <= now ? timer.callBack() : timers.push(timer);
    },
    own: (): Record<string, unknown>[] => lines.map(({ level, outcome }) => ({ ...outcome, level })),
    written,
  };
}

test("a call after a quiet time gets a line of its own at once", () => {
  const { refuse, pass, own, written } = world();
  refuse("no signature");
  pass(15_000);
  refuse("no key fits");
  expect(own()).toEqual([
    { level: "warning", outcome: "refused", refused: 1, reason: "no signature" },
    { level: "warning", outcome: "refused", refused: 1, reason: "no key fits" },
  ]);
  expect(written).toEqual([]);
});

test("a flood gets one line in fifteen seconds, with the number of calls and reasons, and all are counted at once", () => {
  const { refuse, pass, own, written } = world();
  for (let milliseconds = 0; milliseconds < 60_000; milliseconds++) {
    refuse(milliseconds % 3 === 0 ? "no signature" : "no key fits");
    if (milliseconds === 500) expect(counts.refused).toBe(501);
    pass(1);
  }
  expect(own().length + written.length).toBeLessThanOrEqual(5);
  expect(written[0]).toEqual({
    outcome: "refused",
    sumOf: 14_999,
    refused: 14_999,
    reasons: ["no key fits", "no signature"],
  });
  pass(15_000);
  const lines: Record<string, unknown>[] = [...own(), ...written];
  const sum = lines.reduce((total, { refused }) => total + Number(refused), 0);
  expect([sum, counts.refused]).toEqual([60_000, 60_000]);
});

test("one line names at most five reasons, however many there are", () => {
  const { refuse, pass, written } = world();
  for (let call = 0; call < 1_000; call++) refuse(`reason ${call}`);
  pass(15_000);
  expect(written).toMatchObject([{ refused: 999 }]);
  expect(written[0]?.reasons).toHaveLength(5);
});

test("refused calls and calls that could not be accepted are summed separately", () => {
  const { refuse, fail, pass, written } = world();
  for (let call = 0; call < 3; call++) {
    refuse("no signature");
    fail("the storage is away");
  }
  pass(15_000);
  expect(written).toEqual([
    { outcome: "refused", sumOf: 2, refused: 2, reasons: ["no signature"] },
    { outcome: "unavailable", sumOf: 2, unavailable: 2, reasons: ["the storage is away"] },
  ]);
  expect([counts.refused, counts.unavailable]).toEqual([3, 3]);
});

test("sums without a line are written at the end of the process", () => {
  const { summed, refuse, written } = world();
  refuse("no signature");
  refuse("no signature");
  summed.flush();
  expect(written).toEqual([{ outcome: "refused", sumOf: 1, refused: 1, reasons: ["no signature"] }]);
});

test("calls at a closed intake are summed up too, at level info", () => {
  const { summed, close, pass, own, written } = world();
  for (let call = 0; call < 10; call++) close();
  pass(15_000);
  summed.flush();
  expect(own()).toEqual([expect.objectContaining({ outcome: "closed", closed: 1 })]);
  expect(written).toEqual([{ outcome: "closed", sumOf: 9, closed: 9, reasons: ["the relay is being taken down"] }]);
});

test("events are summed up by outcome, level and rule: counts and seconds are added, the oldest is kept, ids are left out", () => {
  const { log, pass, own, written } = world();
  const forwarded = { outcome: "forwarded", duplicate: 0, retried: 0, held: 0, gone: 0, ids: ["a"] } as const;
  for (const age of [3, 9, 4]) {
    log({ outcome: "accepted", accepted: 2, ids: ["a", "b"], redacted: { email: 2 }, unknown: { "data.swatch": 1 } });
    log({ outcome: "filtered", filtered: 1, rule: age > 5 ? "except.metrics" : "only.campaigns", ids: ["c"] });
    log({ ...forwarded, level: "info", delivered: 2, oldestSeconds: age, ageSeconds: age, deliveredSeconds: 2 * age });
    log({ ...forwarded, level: "error", delivered: 0, held: 1, oldestSeconds: age, reasons: [`status ${age}`] });
  }
  pass(15_000);
  expect(own().map(({ outcome, rule, ids }) => [outcome, rule, ids])).toEqual([
    ["accepted", undefined, ["a", "b"]],
    ["filtered", "only.campaigns", ["c"]],
    ["forwarded", undefined, ["a"]],
    ["forwarded", undefined, ["a"]],
    ["filtered", "except.metrics", ["c"]],
  ]);
  const none = { duplicate: 0, retried: 0, gone: 0 };
  expect(written).toEqual([
    { outcome: "accepted", sumOf: 2, accepted: 4, redacted: { email: 4 }, unknown: { "data.swatch": 2 } },
    {
      outcome: "forwarded",
      level: "info",
      sumOf: 2,
      ...none,
      held: 0,
      delivered: 4,
      oldestSeconds: 9,
      ageSeconds: 9,
      deliveredSeconds: 26,
    },
    {
      outcome: "forwarded",
      level: "error",
      sumOf: 2,
      ...none,
      held: 2,
      delivered: 0,
      oldestSeconds: 9,
      reasons: ["status 9", "status 4"],
    },
    { outcome: "filtered", rule: "only.campaigns", sumOf: 1, filtered: 1 },
  ]);
});

test("a dead letter has a line of its own, however many there are, with its blob and its event", () => {
  const { log, own, written } = world();
  for (const deadLetter of ["one", "two"]) log({ outcome: "dead", dead: 1, deadLetter, reason: "400", ids: ["a"] });
  expect(own()).toMatchObject([{ deadLetter: "one", level: "error" }, { deadLetter: "two" }]);
  expect(written).toEqual([]);
});
