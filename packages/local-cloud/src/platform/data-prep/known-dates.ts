import { Instant, ZonedDateTime, ZoneOffset } from "@js-joda/core";
import { parseDateTime } from "../xdm/date-time.ts";
import { parseDate } from "./date-pattern.ts";

/** The formats that a string for a date field is tried against, in this order (Data Prep's data handling page, "Dates"). */
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

/** The `date` function takes these too, by the examples of the functions page. */
const furtherFormats = [
  "yyyy-MM-dd HH:mm",
  "yyyy-MM-dd HH:mm:ss",
  "yyyy-MM-dd'T'HH:mm:ss.SSS",
  "yyyy-MM-dd'T'HH:mm:ss",
];

/** Reads a string meant for a date field: RFC 3339 as it is, anything else by the list; undefined if nothing fits. */
export function readDate(text: string): ZonedDateTime | undefined {
  const milliseconds = parseDateTime(text);
  if (milliseconds !== undefined) return ZonedDateTime.ofInstant(Instant.ofEpochMilli(milliseconds), ZoneOffset.UTC);
  return firstFit(text, dateFormats);
}

/** Reads a string as the `date` function does without a format. */
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
