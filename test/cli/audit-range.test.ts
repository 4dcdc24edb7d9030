import { utcDate } from "../../cli/audit/range.ts";

test("dates are UTC days that exist", () => {
  expect(utcDate.safeParse("2026-02-30").success).toBe(false);
  expect(utcDate.safeParse("yesterday").success).toBe(false);
});
