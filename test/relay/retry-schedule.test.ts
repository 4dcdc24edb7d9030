import fc from "fast-check";
import {
  isExpired,
  isOverdue,
  RetryLuck,
  retryDelaySeconds,
  secondsUntil,
} from "../../relay/core/delivery/retry-schedule.ts";

const almostOne = 1 - Number.EPSILON;
test("the longest wait doubles up to a cap", () => {
  const waits = [1, 2, 3, 4, 5, 8, 9, 50].map((attempts) =>
    retryDelaySeconds({ attempts, forgiven: 0, random: almostOne }),
  );
  expect(waits).toEqual([2, 4, 8, 16, 32, 256, 512, 3600]);
});

test("failures that are forgiven don't make the wait longer", () => {
  const waits = [1, 5, 6, 7, 9].map((attempts) => retryDelaySeconds({ attempts, forgiven: 4, random: almostOne }));
  expect(waits).toEqual([2, 2, 4, 8, 32]);
});

test("while a quarter of the retries is delivered, 16 failures of an event are forgiven, and fewer after others failed", () => {
  const luck = new RetryLuck();
  const record = (count: number, isDelivered: (at: number) => boolean) => {
    for (let at = 0; at < count; at += 1) luck.record(isDelivered(at));
    return Math.round(luck.forgivenFailures);
  };
  expect(luck.forgivenFailures).toBe(16);
  expect(record(300, (at) => at % 3 === 0)).toBe(16);
  expect(record(5, () => false)).toBe(16);
  expect(record(50, () => false)).toBeLessThan(5);
  expect(record(100, () => false)).toBe(0);
  expect(record(10, () => true)).toBe(16);
});

test("the jitter is full: from next to nothing to the longest wait", () => {
  expect([0, 0.25, 0.5, 0.75].map((random) => retryDelaySeconds({ attempts: 5, forgiven: 0, random }))).toEqual([
    1, 8, 16, 24,
  ]);
});

test("the wait that Platform asks for is kept, plus the jitter", () => {
  expect(retryDelaySeconds({ attempts: 1, forgiven: 0, retryAfter: 120, random: 0 })).toBe(120);
  expect(retryDelaySeconds({ attempts: 1, forgiven: 0, retryAfter: 120, random: 0.5 })).toBe(121);
});

test("a wait is whole seconds, at least 1 and at least what was requested, at most 7 days", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 16, noNaN: true }),
      fc.option(fc.nat({ max: 10_000_000 }), { nil: undefined }),
      random,
      (attempts, forgiven, retryAfter, random) => {
        const seconds = retryDelaySeconds({ attempts, forgiven, retryAfter, random });
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(Math.min(604_800, Math.max(1, retryAfter ?? 0)));
        expect(seconds).toBeLessThanOrEqual(604_800);
      },
    ),
  );
});

test.each([
  ["2026-11-20T09:59:59.000Z", 0],
  ["2026-11-20T10:00:00.000Z", 0],
  ["2026-11-20T10:00:00.001Z", 1],
  ["2026-11-20T10:05:00.000Z", 300],
  ["2027-11-20T10:00:00.000Z", 604_800],
])("secondsUntil(%s) is %d", (time, seconds) => {
  expect(secondsUntil(new Date(time), new Date("2026-11-20T10:00:00.000Z"))).toBe(seconds);
});

test.each([
  [undefined, false],
  ["2026-11-20T10:00:00.000Z", false],
  ["2026-11-13T10:00:00.001Z", false],
  ["2026-11-13T10:00:00.000Z", true],
])("an event first tried at %s: given up is %j", (firstAttemptAt, expired) => {
  expect(isExpired({ firstAttemptAt }, new Date("2026-11-20T10:00:00.000Z"))).toBe(expired);
});

test.each([
  ["2026-10-21T10:00:00.001Z", false],
  ["2026-10-21T10:00:00.000Z", true],
])("an event received at %s: has waited too long is %j", (receivedAt, overdue) => {
  expect(isOverdue({ receivedAt }, new Date("2026-11-20T10:00:00.000Z"))).toBe(overdue);
});

test("an event of any age that was queued again has not waited too long", () => {
  const now = new Date("2026-11-20T10:00:00.000Z");
  const receivedAt = "2025-01-01T00:00:00.000Z";
  expect(isOverdue({ receivedAt, queuedAt: "2026-10-21T10:00:00.001Z" }, now)).toBe(false);
  expect(isOverdue({ receivedAt, queuedAt: "2026-10-21T10:00:00.000Z" }, now)).toBe(true);
});
