import { createRequire } from "node:module";
import {
  ChronoField,
  type DateTimeFormatter,
  DateTimeFormatterBuilder,
  IsoFields,
  LocalTime,
  ResolverStyle,
  type TemporalField,
  TemporalQueries,
  ZonedDateTime,
  ZoneOffset,
} from "@js-joda/core";
import { loadZones } from "../time-zones.ts";

const require = createRequire(import.meta.filename);

/** Formats a time with a Java date pattern, such as `yyyy-MM-dd'T'HH:mm:ss.SSSX`, in English. Throws if the pattern is invalid. */
export function formatDate(time: ZonedDateTime, pattern: string): string {
  return formatterOf(pattern).format(time);
}

/**
 * Parses a text with a Java date pattern: undefined if the text does not match or does not contain a whole date. Without a time it is
 * midnight, without an offset or zone UTC. Throws if the pattern is invalid.
 */
export function parseDate(text: string, pattern: string): ZonedDateTime | undefined {
  const formatter = formatterOf(pattern);
  try {
    const read = formatter.parse(text);
    const [date, time, zone] = [
      read.query(TemporalQueries.localDate()),
      read.query(TemporalQueries.localTime()),
      read.query(TemporalQueries.zone()),
    ];
    return date === null ? undefined : ZonedDateTime.of(date, time ?? LocalTime.MIDNIGHT, zone ?? ZoneOffset.UTC);
  } catch {
    return undefined;
  }
}

const formatters = new Map<string, DateTimeFormatter>();

function formatterOf(pattern: string): DateTimeFormatter {
  const kept = formatters.get(pattern);
  if (kept !== undefined) return kept;
  // A pattern may name zones. Both are loaded at the first date that is not written as in RFC 3339: most processes see none.
  loadZones();
  const { Locale } = require("@js-joda/locale_en") as typeof import("@js-joda/locale_en");
  // Strict, so that a February 29th in a common year is refused. Which style Data Prep uses is not documented.
  const formatter = builderOf(pattern).toFormatter(ResolverStyle.STRICT).withLocale(Locale.ENGLISH);
  formatters.set(pattern, formatter);
  return formatter;
}

/**
 * Letters that mean something else in Data Prep's table of them ("Handling data formats", "Date/time format strings") than in Java's
 * DateTimeFormatter: `u` is the day of the week there, as in Java's SimpleDateFormat, and the weeks of `Y` and `w` are those of ISO.
 */
const ownLetters: Readonly<Record<string, TemporalField>> = {
  u: ChronoField.DAY_OF_WEEK,
  w: IsoFields.WEEK_OF_WEEK_BASED_YEAR,
  Y: IsoFields.WEEK_BASED_YEAR,
};

function builderOf(pattern: string): DateTimeFormatterBuilder {
  const builder = new DateTimeFormatterBuilder();
  for (const [run, letter] of pattern.matchAll(/'(?:[^']|'')*'?|([uwY])\1*|[^'uwY]+/g)) {
    const field = letter === undefined ? undefined : ownLetters[letter];
    // The year without an era, which is Data Prep's `y`, is Java's `u`.
    if (field === undefined) builder.appendPattern(run.startsWith("'") ? run : run.replaceAll("y", "u"));
    else if (letter === "Y" && run.length === 2) builder.appendValueReduced(field, 2, 2, 2000);
    else if (run.length === 1) builder.appendValue(field);
    else builder.appendValue(field, run.length);
  }
  return builder;
}
