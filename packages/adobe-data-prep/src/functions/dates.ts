import type { FunctionTable } from "../function-entry.ts";

const parts = "YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, NANOSECOND, TIMEZONE";

export const dateFunctions = {
  now: { description: "The time of the mapping.", parameters: "", returns: "date-time", example: "now()" },
  timestamp: {
    description: "The time of the mapping in milliseconds since 1970.",
    parameters: "",
    returns: "epoch-milliseconds",
    example: "timestamp()",
  },
  format: {
    description: "Formats a date with a pattern.",
    parameters: "DATE, FORMAT",
    returns: "string",
    example: 'format(now(), "yyyy-MM-dd HH:mm:ss")',
  },
  dformat: {
    description: "Formats a time in milliseconds since 1970 with a pattern.",
    parameters: "TIMESTAMP, FORMAT",
    returns: "string",
    example: "dformat(1571829875000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")",
  },
  date: {
    description: "Parses a date with a pattern, or with the usual ones; null becomes the default date.",
    parameters: "DATE, FORMAT?, DEFAULT_DATE?",
    returns: "date-time",
    example: 'date("2019-10-23 11:24", "yyyy-MM-dd HH:mm", now())',
  },
  date_part: {
    description: 'One part of a date: "year", "quarter", "month", "dayofyear", "day", "week", "weekday", "hour" …',
    parameters: "COMPONENT, DATE",
    returns: "integer",
    example: 'date_part("MM", date("2019-10-17 11:55:12"))',
  },
  set_date_part: {
    description: 'The date with its "year", "month", "day", "hour", "minute" or "second" replaced.',
    parameters: "COMPONENT, VALUE, DATE",
    returns: "date-time",
    example: 'set_date_part("m", 4, date("2016-11-09T11:44:44.797"))',
  },
  make_date_time: {
    synonyms: ["make_timestamp"],
    description: "A date from its parts.",
    parameters: parts,
    returns: "date-time",
    example: 'make_date_time(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")',
  },
  zone_date_to_utc: {
    description: "The same time in UTC.",
    parameters: "DATE",
    returns: "date-time",
    example: 'zone_date_to_utc(date("2019-10-17 11:55:12-0800"))',
  },
  zone_date_to_zone: {
    description: "The same time in another time zone.",
    parameters: "DATE, ZONE",
    returns: "date-time",
    example: 'zone_date_to_zone(now(), "Europe/Paris")',
  },
} as const satisfies FunctionTable;
