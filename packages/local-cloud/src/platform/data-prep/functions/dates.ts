import { ChronoField, Instant, IsoFields, type TemporalField, ZonedDateTime, ZoneOffset } from "@js-joda/core";
import { zoneOf } from "../../time-zones.ts";
import { formatDate, parseDate } from "../date-pattern.ts";
import { readDateLeniently } from "../known-dates.ts";
import { TransformError, type Value } from "../value.ts";
import { type Evaluations, eager, numberOf, stringValueOf, valueText } from "./evaluation.ts";

export const dateEvaluations = {
  now: eager((_values, { now }) => utc(now)),
  timestamp: eager((_values, { now }) => now),
  format: eager(([date = null, format]) => (date === null ? null : formatDate(dateTime(date), text(format)))),
  dformat: eager(([timestamp = null, format]) =>
    timestamp === null ? null : formatDate(utc(Math.trunc(numberOf(timestamp))), text(format)),
  ),
  date: eager(([date = null, format, otherwise = null]) => {
    if (date === null) return otherwise;
    if (date instanceof ZonedDateTime) return date;
    const read = format === undefined ? readDateLeniently(text(date)) : parseDate(text(date), text(format));
    if (read === undefined) {
      throw new TransformError(`${valueText(date)} is not a date of the format ${valueText(format)}`);
    }
    return read;
  }),
  date_part: eager(([component, date = null]) =>
    date === null ? null : dateTime(date).get(partOf(parts, text(component))),
  ),
  set_date_part: eager(([component, value = null, date = null]) => {
    if (date === null || value === null) return null;
    const part = partOf(settableParts, text(component));
    return part.adjustInto(dateTime(date), numberOf(value));
  }),
  make_date_time: eager((values) => {
    if (values.includes(null)) return null;
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, nanosecond = 0] = values
      .slice(0, 7)
      .map(numberOf);
    return ZonedDateTime.of(year, month, day, hour, minute, second, nanosecond, zoneOf(text(values[7])));
  }),
  zone_date_to_utc: eager(([date = null]) =>
    date === null ? null : dateTime(date).withZoneSameInstant(ZoneOffset.UTC),
  ),
  zone_date_to_zone: eager(([date = null, zone]) =>
    date === null ? null : dateTime(date).withZoneSameInstant(zoneOf(text(zone))),
  ),
} satisfies Evaluations;

/** The parts that can be set, by all their names, ignoring case. */
const settableParts: Readonly<Record<string, TemporalField>> = {
  year: ChronoField.YEAR,
  yyyy: ChronoField.YEAR,
  yy: ChronoField.YEAR,
  month: ChronoField.MONTH_OF_YEAR,
  mm: ChronoField.MONTH_OF_YEAR,
  m: ChronoField.MONTH_OF_YEAR,
  day: ChronoField.DAY_OF_MONTH,
  dd: ChronoField.DAY_OF_MONTH,
  d: ChronoField.DAY_OF_MONTH,
  hour: ChronoField.HOUR_OF_DAY,
  hh: ChronoField.HOUR_OF_DAY,
  minute: ChronoField.MINUTE_OF_HOUR,
  mi: ChronoField.MINUTE_OF_HOUR,
  n: ChronoField.MINUTE_OF_HOUR,
  second: ChronoField.SECOND_OF_MINUTE,
  ss: ChronoField.SECOND_OF_MINUTE,
  s: ChronoField.SECOND_OF_MINUTE,
};

/** The parts that can be read. The page uses `w` for both the week and the day of the week, so it is not supported here. */
const parts: Readonly<Record<string, TemporalField>> = {
  ...settableParts,
  quarter: IsoFields.QUARTER_OF_YEAR,
  qq: IsoFields.QUARTER_OF_YEAR,
  q: IsoFields.QUARTER_OF_YEAR,
  dayofyear: ChronoField.DAY_OF_YEAR,
  dy: ChronoField.DAY_OF_YEAR,
  y: ChronoField.DAY_OF_YEAR,
  week: IsoFields.WEEK_OF_WEEK_BASED_YEAR,
  ww: IsoFields.WEEK_OF_WEEK_BASED_YEAR,
  weekday: ChronoField.DAY_OF_WEEK,
  dw: ChronoField.DAY_OF_WEEK,
  hh24: ChronoField.HOUR_OF_DAY,
  hh12: ChronoField.CLOCK_HOUR_OF_AMPM,
  millisecond: ChronoField.MILLI_OF_SECOND,
  sss: ChronoField.MILLI_OF_SECOND,
};

function partOf(from: Readonly<Record<string, TemporalField>>, component: string): TemporalField {
  const part = from[component.toLowerCase()];
  if (part === undefined) throw new TransformError(`A date has no part ${component}`);
  return part;
}

function utc(epochMilliseconds: number): ZonedDateTime {
  return ZonedDateTime.ofInstant(Instant.ofEpochMilli(epochMilliseconds), ZoneOffset.UTC);
}

function dateTime(value: Value): ZonedDateTime {
  if (!(value instanceof ZonedDateTime)) throw new TransformError(`${valueText(value)} is not a date`);
  return value;
}

function text(value: Value | undefined): string {
  const read = stringValueOf(value);
  if (read === undefined) throw new TransformError("A string is missing");
  return read;
}
