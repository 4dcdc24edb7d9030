import { Instant, ZonedDateTime, type ZoneId, ZoneOffset } from "@js-joda/core";
import fc from "fast-check";
import { formatDate, parseDate } from "../../src/platform/data-prep/date-pattern.ts";
import { dateFormats, readDate } from "../../src/platform/data-prep/known-dates.ts";
import { isoText } from "../../src/platform/data-prep/value.ts";
import { zoneOf } from "../../src/platform/time-zones.ts";
import { isDate, parseDateTime } from "../../src/platform/xdm/date-time.ts";

const at = (milliseconds: number, zone: ZoneId = ZoneOffset.UTC) =>
  ZonedDateTime.ofInstant(Instant.ofEpochMilli(milliseconds), zone);
const inUtc = (text: string) => at(Date.parse(text));
const milliseconds = (time: ZonedDateTime | undefined) => time?.toInstant().toEpochMilli();

const time = inUtc("2020-12-31T13:05:09.007Z");
const east = time.withZoneSameInstant(zoneOf("Asia/Kolkata"));
const west = time.withZoneSameInstant(ZoneOffset.ofHours(-8));

describe("writing by a Java pattern", () => {
  test.each([
    ["yyyy-MM-dd'T'HH:mm:ss.SSSX", "2020-12-31T13:05:09.007Z"],
    ["yy M d H m s S", "20 12 31 13 5 9 0"],
    ["MMM MMMM E EEEE", "Dec December Thu Thursday"],
    ["G YYYY YY ww u uu D", "AD 2020 20 53 4 04 366"],
    ["hh:mm a K k", "01:05 PM 1 13"],
    // F counts weeks in the month from its first day, as Java does: the 31st is the third day of such a week.
    ["Q QQQ W F", "4 Q4 5 3"],
    ["Z X XX XXX VV O", "+0000 Z Z Z Z GMT"],
    ["'it''s' ''yy''", "it's '20'"],
  ])("%s", (pattern, text) => {
    expect(formatDate(time, pattern)).toBe(text);
  });

  test("offsets", () => {
    const pattern = "HH:mm X XX XXX Z VV O";
    expect(formatDate(east, pattern)).toBe("18:35 +0530 +0530 +05:30 +0530 Asia/Kolkata GMT+5:30");
    expect(formatDate(west, pattern)).toBe("05:05 -08 -0800 -08:00 -0800 -08:00 GMT-8");
  });

  test("midnight and noon", () => {
    const midnight = inUtc("2021-01-01T00:00:00Z");
    expect(formatDate(midnight, "h a K k YYYY")).toBe("12 AM 0 24 2020");
  });

  test("a time by itself is ISO 8601, with milliseconds if it has any", () => {
    expect(isoText(time)).toBe("2020-12-31T13:05:09.007Z");
    expect(isoText(inUtc("2019-10-23T11:24:00Z"))).toBe("2019-10-23T11:24:00Z");
    expect(isoText(east)).toBe("2020-12-31T18:35:09.007+05:30");
  });
});

describe("reading by a Java pattern", () => {
  test.each([
    ["31.12.2020", "dd.MM.yyyy", "2020-12-31T00:00:00Z"],
    ["31-Dec-2020", "dd-MMM-yyyy", "2020-12-31T00:00:00Z"],
    ["1/02/2020 09:05:00 PM", "M/dd/yyyy hh:mm:ss a", "2020-01-02T21:05:00Z"],
    ["1/02/2020 12:05:00 AM", "M/dd/yyyy hh:mm:ss a", "2020-01-02T00:05:00Z"],
    ["2020-01-02 03:04:05-0800", "yyyy-MM-dd HH:mm:ssZ", "2020-01-02T03:04:05-08:00"],
    ["2020-01-02T03:04:05.678+01", "yyyy-MM-dd'T'HH:mm:ss.SSSX", "2020-01-02T03:04:05.678+01:00"],
    ["Thursday, 31 December 20", "EEEE, d MMMM yy", "2020-12-31T00:00:00Z"],
    ["2020-12-31 24:05", "yyyy-MM-dd kk:mm", "2020-12-31T00:05:00Z"],
    ["2020-W53-5", "YYYY-'W'ww-u", "2021-01-01T00:00:00Z"],
    ["2019-10-17 11:55 America/Los_Angeles", "yyyy-MM-dd HH:mm VV", "2019-10-17T11:55:00-07:00"],
  ])("%s by %s", (text, pattern, expected) => {
    const read = parseDate(text, pattern);
    expect(read && isoText(read)).toBe(expected);
  });

  test.each([
    ["2020-13-01", "yyyy-MM-dd"],
    ["2021-02-29", "yyyy-MM-dd"],
    ["2020-1-1", "yyyy-MM-dd"],
    ["2020-01-01 24:00", "yyyy-MM-dd HH:mm"],
    ["2020-01-01 23:60", "yyyy-MM-dd HH:mm"],
    ["x2020", "yyyy"],
    ["2020", "yyyy"],
    ["13:05", "HH:mm"],
    ["31-dec-2020", "dd-MMM-yyyy"],
    ["Friday, 31 December 20", "EEEE, d MMMM yy"],
  ])("%s doesn't fit %s", (text, pattern) => {
    expect(parseDate(text, pattern)).toBeUndefined();
  });
});

describe("strings for date fields", () => {
  test("are read in the documented formats", () => {
    expect(dateFormats).toHaveLength(18);
    for (const format of dateFormats) {
      const text = formatDate(inUtc("2020-11-12T00:00:00Z"), format);
      expect(milliseconds(readDate(text))).toBe(Date.parse("2020-11-12T00:00:00Z"));
    }
  });

  test("12112020 is read as December 11th, as the page warns", () => {
    expect(milliseconds(readDate("12112020"))).toBe(Date.parse("2020-12-11T00:00:00Z"));
  });

  test.each(["", "yesterday", "1571829875", "1571829875000", "2020-11-12 10:11"])("can't be %j", (text) => {
    expect(readDate(text)).toBeUndefined();
  });
});

describe("RFC 3339", () => {
  test.each([
    ["2024-02-29T23:59:59Z", true],
    ["2024-02-29T23:59:59.123456789Z", true],
    ["2024-02-29T23:59:59+05:30", true],
    ["2024-02-29T23:59:59+0530", true],
    ["2023-02-29T23:59:59Z", false],
    ["2024-02-29T24:00:00Z", false],
    ["2024-02-29T23:59:59", false],
    ["2024-02-29", false],
  ])("%s: %s", (text, isOne) => {
    expect(parseDateTime(text) !== undefined).toBe(isOne);
  });

  test("dates", () => {
    expect(["2024-02-29", "2023-02-29", "2024-2-29"].map(isDate)).toEqual([true, false, false]);
  });
});

describe("rules", () => {
  const moment = fc.integer({ min: 0, max: Date.parse("9999-12-31T23:59:59.999Z") });

  test("the ISO formatter reads what it writes", () => {
    const pattern = "yyyy-MM-dd'T'HH:mm:ss.SSSX";
    fc.assert(
      fc.property(moment, (epoch) => {
        const text = formatDate(at(epoch), pattern);
        expect(text).toBe(new Date(epoch).toISOString());
        expect(milliseconds(parseDate(text, pattern))).toBe(epoch);
        expect(parseDateTime(text)).toBe(epoch);
      }),
    );
  });

  test("the ISO week's Thursday is in its year", () => {
    fc.assert(
      fc.property(moment, (epoch) => {
        const [year, week, weekday] = formatDate(at(epoch), "YYYY ww u").split(" ").map(Number);
        const thursday = new Date(epoch + (4 - (weekday ?? 0)) * 86_400_000);
        expect(thursday.getUTCFullYear()).toBe(year);
        expect(week).toBeGreaterThanOrEqual(1);
        expect(week).toBeLessThanOrEqual(53);
      }),
    );
  });
});
