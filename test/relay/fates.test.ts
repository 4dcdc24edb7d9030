import { countNames } from "../../relay/core/counts/counts.ts";
import { type Verdict, verdictOf } from "../../relay/core/delivery/delivery.ts";
import { comesAgain, type Fate, fates, loudestLevel, settledCounts } from "../../relay/core/delivery/fates.ts";

const names = Object.keys(fates) as Fate[];

test("each fate is counted", () => {
  expect(names.filter((name) => !countNames.includes(fates[name].count))).toEqual([]);
});

test("an event either comes again, or the relay is done with it", () => {
  expect(names.filter(comesAgain)).toEqual(["retry", "hold"]);
  expect(settledCounts).toEqual(["delivered", "duplicate", "gone"]);
  expect(names.filter((name) => comesAgain(name) && fates[name].endsClaim)).toEqual([]);
  expect(comesAgain("unsent")).toBe(false);
});

test("a verdict of Platform's is a fate", () => {
  const verdicts = new Set<Verdict>([200, 400, 403, 500].map((status) => verdictOf({ status })));
  expect([...verdicts]).toEqual(["delivered", "dead", "hold", "retry"]);
});

test("each reason to wait is what some answer of Platform's means", () => {
  const verdicts = new Set(Array.from({ length: 500 }, (_, index) => verdictOf({ status: 100 + index })));
  const without = names.filter(comesAgain).filter((name) => !verdicts.has(name));
  expect(without.map((name) => `relay/core/delivery/delivery.ts has no status that means ${name}`)).toEqual([]);
});

test("a line is as loud as the loudest of its events", () => {
  expect(loudestLevel(["info", "warn", "info"])).toBe("warn");
  expect(loudestLevel(["warn", "error"])).toBe("error");
  expect(loudestLevel([])).toBe("info");
});
