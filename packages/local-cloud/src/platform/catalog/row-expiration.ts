import { isObject, type JsonObject, objectOf } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";

/** Days in the parts of a period; for these bounds it is accurate enough to count a month as 30 days. */
const daysIn: Readonly<Record<string, number>> = { Y: 365, M: 30, W: 7, D: 1 };
/** The typical bounds of an organization, according to Adobe: 30 days to 10 years. */
const [shortest, longest] = [30, 3650];

/**
 * Checks a dataset's `extensions.adobe_lakeHouse.rowExpiration`: an ISO 8601 period, or null for none, on a schema of events
 * (Adobe's “Manage Experience Event dataset retention in the data lake using TTL”).
 */
export function checkRowExpiration(extensions: JsonObject, isTimeSeries: boolean): void {
  const { rowExpiration } = objectOf(extensions.adobe_lakeHouse);
  if (!isObject(rowExpiration) || rowExpiration.ttlValue === null) return;
  const period = String(rowExpiration.ttlValue);
  if (!isTimeSeries) throw plainProblem(400, "Row expiration needs a schema that extends time-series");
  const parts = /^P(?:\d+[YMWD])+$/.test(period) ? Array.from(period.matchAll(/(\d+)([YMWD])/g)) : [];
  const days = parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (daysIn[unit] ?? 0), 0);
  if (days < shortest || days > longest) {
    throw plainProblem(400, `The ttlValue ${period} is not within P${shortest}D and P10Y`);
  }
}
