import { expiryDate } from "../../components/relay/azure/expiry-date.ts";

const day = 86_400_000;

test("a secret is valid for at least three quarters of its days and at most all, and most previews find the same date", () => {
  const start = Date.parse("2026-11-01T12:00:00Z");
  const dates = new Set<string>();
  for (let now = start; now < start + 365 * day; now += day) {
    const expiresAt = expiryDate(365, now) ?? "";
    const left = (Date.parse(expiresAt) - now) / day;
    expect(left).toBeGreaterThan(365 * 0.74);
    expect(left).toBeLessThanOrEqual(365);
    dates.add(expiresAt);
  }
  expect(dates.size).toBeLessThanOrEqual(5);
});

test("0 days: it never expires", () => {
  expect(expiryDate(0, Date.now())).toBeUndefined();
});
