import fc from "fast-check";
import { retryAfterSeconds } from "../src/http/retry-after.ts";

describe("retryAfterSeconds", () => {
  const now = new Date("2026-11-20T10:00:00.500Z");
  test.each([
    [null, undefined],
    ["", undefined],
    ["0", 0],
    [" 120 ", 120],
    ["-5", undefined],
    ["1.5", 2],
    ["5 s", undefined],
    ["May 3", undefined],
    ["soon", undefined],
    ["Fri, 20 Nov 2026 10:02:00 GMT", 120],
    ["Fri, 20 Nov 2026 09:00:00 GMT", 0],
    ["Friday, 20-Nov-26 10:02:00 GMT", 120],
    ["Fri, 20 Nov 2026 11:02:00 +0100", 120],
    ["Fri Nov 20 10:02:00 2026", 120],
    [undefined, undefined],
    ["3600", 3600],
    ["3601", 3600],
    ["86400", 3600],
    ["99999999999999999999999999", 3600],
    ["Fri, 27 Nov 2026 10:00:00 GMT", 3600],
  ])("%j is %j", (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });

  test("is a whole number of seconds up to an hour, and never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d+$/), fc.date({ noInvalidDate: true }).map(String)),
        (header) => {
          const seconds = retryAfterSeconds(header, now) ?? 0;
          expect(Number.isInteger(seconds)).toBe(true);
          expect(seconds).toBeGreaterThanOrEqual(0);
          expect(seconds).toBeLessThanOrEqual(3600);
        },
      ),
    );
  });
});
