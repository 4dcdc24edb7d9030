import { utcDate } from "../../cli/audit/range.ts";
import { auditOptions } from "../../cli/audit/run-audit.ts";

test("dates are UTC days that exist", () => {
  expect(utcDate.safeParse("2026-02-30").success).toBe(false);
  expect(utcDate.safeParse("yesterday").success).toBe(false);
});

test.each(["0.5", "0", "1.5", "10001", "soon"])("a lookback of %s days is refused", (text) => {
  expect(auditOptions.lookback.schema.safeParse(text).success).toBe(false);
});

test("a lookback is of whole days, 30 by default", () => {
  expect(["1", "10000", undefined].map((text) => auditOptions.lookback.schema.parse(text))).toEqual([1, 10_000, 30]);
});
