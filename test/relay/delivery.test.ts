import fc from "fast-check";
import { retryAfterSeconds, verdictOf } from "../../relay/core/delivery.ts";

test.each([
  [[200, 201, 202, 204, 207, 299], "delivered"],
  [[408, 425, 429, 500, 501, 502, 503, 504, 520, 599], "retry"],
  [[400, 413, 415, 422], "dead"],
  [[301, 302, 307, 401, 402, 403, 404, 405, 409, 410, 418, 451], "hold"],
] as const)("%j: %s", (statuses, verdict) => {
  for (const status of statuses) expect([status, verdictOf(status)]).toEqual([status, verdict]);
});

describe("retryAfterSeconds", () => {
  const now = new Date("2026-11-20T10:00:00.500Z");
  test.each([
    [null, undefined],
    ["", undefined],
    ["0", 0],
    [" 120 ", 120],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["Fri, 20 Nov 2026 10:02:00 GMT", 120],
    ["Fri, 20 Nov 2026 09:00:00 GMT", 0],
  ])("%j is %j", (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });

  test("is never negative and never throws", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(retryAfterSeconds(header, now) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
