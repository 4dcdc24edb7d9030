import fc from "fast-check";
import { readEventTime } from "../../relay/core/event/event-time.ts";

const time = "2024-10-03T11:00:00.000Z";
const read = (value: unknown) => {
  const found = readEventTime(value);
  return found && [new Date(found.milliseconds).toISOString(), found.documented];
};

test.each<[string, unknown]>([
  ["a number", 1_727_953_200],
  ["digits", "1727953200"],
  ["a whole number with a fraction of zero", 1_727_953_200.0],
  ["digits with an exponent, as Go prints a float", "1.7279532e+09"],
])("Unix seconds as %s are as documented", (_, value) => {
  expect(read(value)).toEqual([time, true]);
});

test.each<[string, unknown, string]>([
  ["a fraction", 1_727_953_200.25, "2024-10-03T11:00:00.250Z"],
  ["a fraction as text", "1727953200.25", "2024-10-03T11:00:00.250Z"],
  ["a fraction that floating point holds a little less of", 1_727_953_200.123, "2024-10-03T11:00:00.123Z"],
  ["milliseconds", 1_727_953_200_123, "2024-10-03T11:00:00.123Z"],
  ["milliseconds as text", "1727953200123", "2024-10-03T11:00:00.123Z"],
  ["microseconds", 1_727_953_200_123_456, "2024-10-03T11:00:00.123Z"],
  ["nanoseconds", "1727953200123456789", "2024-10-03T11:00:00.123Z"],
  ["ISO 8601", "2024-10-03T11:00:00Z", time],
  ["ISO 8601 with a fraction", "2024-10-03T11:00:00.5Z", "2024-10-03T11:00:00.500Z"],
  ["ISO 8601 of another zone", "2024-10-03T13:00:00+02:00", time],
  ["ISO 8601 with a blank and an offset without a colon", "2024-10-03 13:00:00 +0200", time],
  ["ISO 8601 in lower case, without seconds", " 2024-10-03t11:00z ", time],
  ["ISO 8601 with an offset in hours, as databases print it", "2024-10-03 13:00:00.25+02", "2024-10-03T11:00:00.250Z"],
  ["ISO 8601 with a comma", "2024-10-03T11:00:00,5Z", "2024-10-03T11:00:00.500Z"],
  ["a time with the name of its zone", "2024-10-03 11:00:00 UTC", time],
  ["Go's form of a time", "2024-10-03 13:00:00 +0200 UTC", time],
  ["the form of e-mail", "Thu, 3 Oct 2024 13:00:00 +0200", time],
  ["the form of HTTP", "Thu, 03 Oct 2024 11:00:00 GMT", time],
])("%s is converted", (_, value, expected) => {
  expect(read(value)).toEqual([expected, false]);
});

test.each([
  undefined,
  null,
  "",
  "soon",
  "2024-10-03",
  "2024-10-03T11:00:00",
  "2024-13-45T11:00:00Z",
  "2023-02-29T11:00:00Z",
  "31 Jun 2024 11:00:00 GMT",
  "2024-10-03T25:00:00Z",
  "Thu, 03 Oct 2024 11:00:00",
  "10/03/2024 11:00:00Z",
  "-5",
  -1,
  1e300,
  "253402300800000000000",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  [1_727_953_200],
  {},
])("%j could only be guessed", (value) => {
  expect(readEventTime(value)).toBeUndefined();
});

test("every second up to the year 9999 is itself, and every time that is read can be written as ISO 8601", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
      expect(readEventTime(seconds)).toEqual({ milliseconds: seconds * 1000, documented: true });
    }),
  );
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const found = readEventTime(value);
      if (found) expect(new Date(found.milliseconds).toISOString()).toMatch(/^\d{4}-/);
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: 0 }), (value) => {
      const found = readEventTime(value);
      if (found) expect(new Date(found.milliseconds).toISOString()).toMatch(/^\d{4}-/);
    }),
  );
});
