import { formatDate, parseDate } from "../date-pattern.ts";
import { readDateLeniently } from "../known-dates.ts";
import { inZone, zoneOffset } from "../time-zone.ts";
import { DateTime, TransformError, type Value } from "../value.ts";
import { type Evaluations, eager, numberOf, show, textOf } from "./evaluation.ts";

export const dateEvaluations = {
  now: eager((_values, { now }) => new DateTime(now)),
  timestamp: eager((_values, { now }) => now),
  format: eager(([date = null, format]) => (date === null ? null : formatDate(dateTime(date), text(format)))),
  dformat: eager(([timestamp = null, format]) => {
    if (timestamp === null) return null;
    const milliseconds = numberOf(timestamp);
    if (Number.isNaN(new Date(milliseconds).getTime())) throw new TransformError(`${milliseconds} is not a time`);
    return formatDate(new DateTime(milliseconds), text(format));
  }),
  date: eager(([date = null, format, otherwise = null]) => {
    if (date === null) return otherwise;
    if (date instanceof DateTime) return date;
    const read = format === undefined ? readDateLeniently(text(date)) : parseDate(text(date), text(format));
    if (read === undefined) throw new TransformError(`${show(date)} is not a date of the format ${show(format)}`);
    return read;
  }),
  date_part: eager(([component, date = null]) => (date === null ? null : datePart(text(component), dateTime(date)))),
  zone_date_to_utc: eager(([date = null]) => (date === null ? null : new DateTime(dateTime(date).epochMilliseconds))),
  set_date_part: eager(([component, value = null, date = null]) =>
    date === null || value === null ? null : withPart(dateTime(date), text(component), numberOf(value)),
  ),
  make_date_time: eager((values) => {
    if (values.includes(null)) return null;
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, nanosecond = 0] = values
      .slice(0, 7)
      .map(numberOf);
    const local = localTime({ year, month, day, hour, minute, second });
    return inZone(local + Math.floor(nanosecond / 1_000_000), text(values[7]));
  }),
  zone_date_to_zone: eager(([date = null, zone]) => {
    if (date === null) return null;
    const { epochMilliseconds } = dateTime(date);
    return new DateTime(epochMilliseconds, zoneOffset(text(zone), epochMilliseconds));
  }),
} satisfies Evaluations;

/** The parts that can be set, by all their names; upper and lower case are the same. */
const settableParts: Readonly<Record<string, keyof DateParts>> = {
  year: "year",
  yyyy: "year",
  yy: "year",
  month: "month",
  mm: "month",
  m: "month",
  day: "day",
  dd: "day",
  d: "day",
  hour: "hour",
  hh: "hour",
  minute: "minute",
  mi: "minute",
  n: "minute",
  second: "second",
  ss: "second",
  s: "second",
};

interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

function withPart(date: DateTime, component: string, value: number): DateTime {
  const part = settableParts[component.toLowerCase()];
  if (part === undefined) throw new TransformError(`A date's part ${component} can't be set`);
  const offset = date.offsetMinutes * 60_000;
  const local = new Date(date.epochMilliseconds + offset);
  const parts: DateParts = {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    [part]: value,
  };
  return new DateTime(localTime(parts) + local.getUTCMilliseconds() - offset, date.offsetMinutes);
}

/** Milliseconds since 1970 as if the parts were in UTC; refuses a 31st of April. */
function localTime({ year, month, day, hour, minute, second }: DateParts): number {
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal = time.getUTCMonth() === month - 1 && time.getUTCDate() === day && time.getUTCHours() === hour;
  if (!isReal) throw new TransformError(`${year}-${month}-${day} ${hour}:${minute}:${second} is no time`);
  return time.getTime();
}

/** Pattern letters that give the components; upper and lower case are the same. */
const components: Readonly<Record<string, string>> = {
  year: "yyyy",
  yyyy: "yyyy",
  yy: "yy",
  quarter: "Q",
  qq: "Q",
  q: "Q",
  month: "M",
  mm: "M",
  m: "M",
  dayofyear: "D",
  dy: "D",
  y: "D",
  day: "d",
  dd: "d",
  d: "d",
  week: "w",
  ww: "w",
  weekday: "u",
  dw: "u",
  hour: "H",
  hh: "H",
  hh24: "H",
  hh12: "h",
  minute: "m",
  mi: "m",
  n: "m",
  second: "s",
  ss: "s",
  s: "s",
  millisecond: "SSS",
  sss: "SSS",
};

function datePart(component: string, date: DateTime): number {
  const pattern = components[component.toLowerCase()];
  if (pattern === undefined) throw new TransformError(`A date has no part ${component}`);
  return Number(formatDate(date, pattern));
}

function dateTime(value: Value): DateTime {
  if (!(value instanceof DateTime)) throw new TransformError(`${show(value)} is not a date`);
  return value;
}

function text(value: Value | undefined): string {
  const read = textOf(value);
  if (read === undefined) throw new TransformError("A string is missing");
  return read;
}
