import { utcDate } from "../../cli/audit/range.ts";
import { auditOptions, checkAuditDays } from "../../cli/audit/run-audit.ts";

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

test("a first day of which nothing would be compared yet is refused", () => {
  const now = jest.spyOn(Date, "now");
  const day = utcDate.parse("2026-11-30");
  const check = () => checkAuditDays({ from: day, to: day });
  now.mockReturnValue(Date.parse("2026-11-30T00:59:00Z"));
  expect(check).toThrow("that day has not begun, or began less than an hour ago");
  now.mockReturnValue(Date.parse("2026-11-30T01:00:01Z"));
  expect(check).not.toThrow();
  now.mockRestore();
});
