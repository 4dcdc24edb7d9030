import fc from "fast-check";
import { ulid } from "../../src/customer-io/events/ulid.ts";

test("begins with the time, as the ULID specification's own example does", () => {
  expect(ulid(1469918176385).slice(0, 10)).toBe("01ARYZ6S41");
});

test("is 26 characters of Crockford's base 32, sorts by time and is unique", () => {
  const time = fc.nat({ max: 2 ** 48 - 1 });
  fc.assert(
    fc.property(time, time, (a, b) => {
      expect(ulid(a)).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(ulid(a)).not.toBe(ulid(a));
      if (a < b) expect(ulid(a) < ulid(b)).toBe(true);
    }),
  );
});
