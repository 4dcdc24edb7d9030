import { formatDate, parseDate } from "../date-pattern.ts";
import { readDateLeniently } from "../known-dates.ts";
import { DateTime, TransformError, type Value } from "../value.ts";
import { type MapperFunction, mapperFunction, numberOf, show, textOf } from "./mapper-function.ts";

const category = "Date / Time";

export const dateFunctions: readonly MapperFunction[] = [
  mapperFunction({
    names: ["now"],
    category,
    description: "Retrieves the current time.",
    syntax: "now()",
    example: "now()",
    takes: 0,
    of: (_values, { now }) => new DateTime(now),
  }),
  mapperFunction({
    names: ["timestamp"],
    category,
    description: "Retrieves the current Unix time.",
    syntax: "timestamp()",
    example: "timestamp()",
    takes: 0,
    of: (_values, { now }) => now,
  }),
  mapperFunction({
    names: ["format"],
    category,
    description: "Formats the input date according to a specified format.",
    syntax: "format(DATE, FORMAT)",
    example: 'format(now(), "yyyy-MM-dd HH:mm:ss")',
    takes: 2,
    of: ([date = null, format]) => (date === null ? null : formatDate(dateTime(date), text(format))),
  }),
  mapperFunction({
    names: ["dformat"],
    category,
    description: "Converts a timestamp in milliseconds to a date string according to a specified format.",
    syntax: "dformat(TIMESTAMP, FORMAT)",
    example: "dformat(1571829875000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")",
    takes: 2,
    of: ([timestamp = null, format]) => {
      if (timestamp === null) return null;
      const milliseconds = numberOf(timestamp);
      if (Number.isNaN(new Date(milliseconds).getTime())) throw new TransformError(`${milliseconds} is not a time`);
      return formatDate(new DateTime(milliseconds), text(format));
    },
  }),
  mapperFunction({
    names: ["date"],
    category,
    description: "Converts a date string into a ZonedDateTime object (ISO 8601 format).",
    syntax: "date(DATE, FORMAT, DEFAULT_DATE)",
    example: 'date("2019-10-23 11:24", "yyyy-MM-dd HH:mm", now())',
    takes: [1, 3],
    of: ([date = null, format, otherwise = null]) => {
      if (date === null) return otherwise;
      if (date instanceof DateTime) return date;
      const read = format === undefined ? readDateLeniently(text(date)) : parseDate(text(date), text(format));
      if (read === undefined) throw new TransformError(`${show(date)} is not a date of the format ${show(format)}`);
      return read;
    },
  }),
  mapperFunction({
    names: ["date_part"],
    category,
    description: "Retrieves the parts of the date.",
    syntax: "date_part(COMPONENT, DATE)",
    example: 'date_part("MM", date("2019-10-17 11:55:12"))',
    takes: 2,
    of: ([component, date = null]) => (date === null ? null : datePart(text(component), dateTime(date))),
  }),
  mapperFunction({
    names: ["zone_date_to_utc"],
    category,
    description: "Converts a date in any timezone to a date in UTC.",
    syntax: "zone_date_to_utc(DATE)",
    example: 'zone_date_to_utc(date("2019-10-17 11:55:12-0800"))',
    takes: 1,
    of: ([date = null]) => (date === null ? null : new DateTime(dateTime(date).epochMilliseconds)),
  }),
];

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
