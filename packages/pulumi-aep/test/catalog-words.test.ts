import { batchOutcome } from "../src/resources/catalog/batch-outcome.ts";
import { daysOfPeriod } from "../src/resources/catalog/row-expiration.ts";

test.each([
  ["success", "stored"],
  ["active", "stored"],
  ["loading", "unfinished"],
  ["stalled", "unfinished"],
  ["abandoned", "failed"],
  ["failure", "failed"],
  ["inactive", "removed"],
  ["deleted", "removed"],
  ["a new state", "unfinished"],
  [null, "unfinished"],
] as const)("a batch that is %s is %s", (state, outcome) => {
  expect(batchOutcome(state)).toBe(outcome);
});

test.each([
  ["P90D", 90],
  ["P1Y6M", 545],
  ["P2W", 14],
  ["P1DT6M", 1],
  ["PT720H", undefined],
  [null, undefined],
] as const)("the period %s has %s days", (period, days) => {
  expect(daysOfPeriod(period)).toBe(days);
});
