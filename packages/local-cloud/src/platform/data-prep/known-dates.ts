import { Instant, ZonedDateTime, ZoneOffset } from "@js-joda/core";
import { parseDateTime } from "../xdm/date-time.ts";
import { parseDate } from "./date-pattern.ts";

/** The formats to try for a string in a date field, in order (Data Prep's data handling page, "Dates"). */
export const dateFormats: readonly string[] = [
  "yyyy-MM-dd HH:mm:ssZ",
  "yyyy-MM-dd HH:mm:ss.SSSZ",
  "yyyy-MM-dd HH:mm:ss.SSS",
  "yyyy-MM-dd'T'HH:mm:ss.SSSX",
  "yyyy-MM-dd'T'HH:mm:ss'Z'",
  "yyyy-MM-dd",
  "yyyy/MM/dd",
  "yyyy.MM.dd",
  "yyyy-MMM-dd",
  "yyyyMMdd",
  "MM-dd-yyyy",
  "MMddyyyy",
  "M/dd/yyyy",
  "dd.M.yyyy",
  "M/dd/yyyy hh:mm:ss a",
  "dd.M.yyyy hh:mm:ss a",
  "dd.MMM.yyyy",
  "dd-MMM-yyyy",
];

/** The `date` function also accepts these, according to the functions page's examples. */
const furtherFormats = [
  "yyyy-MM-dd HH:mm",
  "yyyy-MM-dd HH:mm:ss",
  "yyyy-MM-dd'T'HH:mm:ss.SSS",
  "yyyy-MM-dd'T'HH:mm:ss",
];

/** Parses a string for a date field as RFC 3339 or with the listed formats; undefined if none matches. */
export function readDate(text: string): ZonedDateTime | undefined {
  const milliseconds = parseDateTime(text);
  if (milliseconds !== undefined) return ZonedDateTime.ofInstant(Instant.ofEpochMilli(milliseconds), ZoneOffset.UTC);
  return firstFit(text, dateFormats);
}

/** Parses a string like the `date` function without a format. */
export function readDateLeniently(text: string): ZonedDateTime | undefined {
  return readDate(text) ?? firstFit(text, furtherFormats);
}

function firstFit(text: string, formats: readonly string[]): ZonedDateTime | undefined {
  for (const format of formats) {
    const time = parseDate(text, format);
    if (time !== undefined) return time;
  }
  return undefined;
}
