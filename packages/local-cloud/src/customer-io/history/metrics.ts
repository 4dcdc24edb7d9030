import { ChronoUnit, DayOfWeek, Instant, TemporalAdjusters, ZonedDateTime, type ZoneId } from "@js-joda/core";
import { zoneOf } from "../../platform/time-zones.ts";
import type { LoggedMessage } from "./message-log.ts";
import { type ListQuery, readInteger, wronglyEncoded } from "./query.ts";

const units = {
  hours: ChronoUnit.HOURS,
  hourly: ChronoUnit.HOURS,
  days: ChronoUnit.DAYS,
  daily: ChronoUnit.DAYS,
  weeks: ChronoUnit.WEEKS,
  weekly: ChronoUnit.WEEKS,
  months: ChronoUnit.MONTHS,
  monthly: ChronoUnit.MONTHS,
} as const;
type Unit = (typeof units)[keyof typeof units];

/** Maximum steps of the first version, by period (docs “Campaign metrics”). */
const mostSteps = { hours: 24, days: 45, weeks: 12, months: 121 } as const;

/** The App API's names of series that differ from those of events. */
const seriesNames: Readonly<Record<string, string>> = { dropped: "suppressed" };

/**
 * How often each metric happened to a parent's messages, by the messages' time of creation: each delivery counts once.
 *
 * @param version 2 has a start, an end and a zone; 1 counts back from now, always in Eastern time
 * @returns the answer, or why the query is refused
 */
export function countMetrics(messages: readonly LoggedMessage[], query: ListQuery, now: number): object | string {
  return query.version === "2" ? countSecondVersion(messages, query) : countFirstVersion(messages, query, now);
}

function countSecondVersion(messages: readonly LoggedMessage[], query: ListQuery): object | string {
  const unit = units[query.res as keyof typeof units] as Unit | undefined;
  const start = readInteger(query, "start");
  const end = readInteger(query, "end");
  if (unit === undefined) return "res is required";
  if (typeof start !== "number" || typeof end !== "number" || end < start) return "start and end are required";
  if (end - start > 10 * 366 * 24 * 60 * 60) return "the range is longer than 10 years";
  const zone = zoneNamed(query.tz ?? "UTC");
  if (zone === undefined) return "tz is unknown";
  const borders = bordersOf(startOf(timeAt(start, zone), unit), timeAt(end, zone), unit);
  const words = (seconds: number) =>
    `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} +0000 UTC`;
  return { start: words(start), end: words(end), res: query.res, metric: { series: count(messages, borders) } };
}

function countFirstVersion(messages: readonly LoggedMessage[], query: ListQuery, now: number): object | string {
  const period = (query.period ?? "days") as keyof typeof mostSteps;
  const steps = readInteger(query, "steps") ?? 2;
  if (!(period in mostSteps) || steps === wronglyEncoded || steps < 2) return "period or steps is invalid";
  const unit = units[period];
  const end = timeAt(now / 1000, zoneOf("America/New_York"));
  const start = startOf(end, unit).minus(Math.min(steps, mostSteps[period]) - 1, unit);
  return { metric: { series: count(messages, bordersOf(start, end, unit)) } };
}

function zoneNamed(name: string): ZoneId | undefined {
  try {
    return zoneOf(name);
  } catch {
    return undefined;
  }
}

function timeAt(seconds: number, zone: ZoneId): ZonedDateTime {
  return ZonedDateTime.ofInstant(Instant.ofEpochSecond(Math.floor(seconds)), zone);
}

function startOf(time: ZonedDateTime, unit: Unit): ZonedDateTime {
  if (unit === ChronoUnit.HOURS) return time.truncatedTo(ChronoUnit.HOURS);
  const day = time.truncatedTo(ChronoUnit.DAYS);
  if (unit === ChronoUnit.WEEKS) return day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
  return unit === ChronoUnit.MONTHS ? day.withDayOfMonth(1) : day;
}

/** Where buckets begin, in Unix seconds; the last value is the end of the last bucket. */
function bordersOf(start: ZonedDateTime, end: ZonedDateTime, unit: Unit): number[] {
  const borders: number[] = [];
  for (let step = 0; ; step += 1) {
    const at = start.plus(step, unit);
    borders.push(at.toEpochSecond());
    if (at.isAfter(end)) return borders;
  }
}

function count(messages: readonly LoggedMessage[], borders: readonly number[]): Record<string, number[]> {
  const buckets = borders.length - 1;
  const series: Record<string, number[]> = {};
  for (const { created, metrics } of messages) {
    const bucket = borders.findLastIndex((border) => border <= created);
    if (bucket < 0 || bucket >= buckets) continue;
    for (const metric of ["created", ...metrics.keys()]) {
      const name = seriesNames[metric] ?? metric;
      series[name] ??= Array.from({ length: buckets }, () => 0);
      series[name][bucket] = (series[name][bucket] ?? 0) + 1;
    }
  }
  return series;
}
