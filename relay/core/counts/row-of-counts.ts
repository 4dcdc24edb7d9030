import type { JsonObject } from "../event/json.ts";
import { addCounts, type Counts, noCounts, type TimeName, timeNames } from "./counts.ts";
import { addWrittenPathCounts, mostFrequentPaths, type PathCounts, pathCountsProperty } from "./path-counts.ts";

/** The sum of rows of the table `counts`. Times are in Unix seconds; 0 if unknown. */
export interface SummedRows extends Readonly<Record<TimeName, number>> {
  readonly counts: Counts;
  readonly unknown: PathCounts;
  /** When an event was last counted. */
  readonly countedAt: number;
}

export function sumOfRows(rows: readonly JsonObject[]): SummedRows {
  const counts = noCounts();
  const unknown: PathCounts = new Map();
  const times = { takenAt: 0, refusedAt: 0, deliveredAt: 0, heldAt: 0, lateAt: 0, oldPutBackAt: 0, countedAt: 0 };
  for (const row of rows) {
    addCounts(counts, row);
    addWrittenPathCounts(unknown, row);
    for (const name of timeNames) times[name] = Math.max(times[name], secondsOf(row[name]));
    times.countedAt = Math.max(times.countedAt, countedAt(row));
  }
  return { counts, unknown, ...times };
}

/** The properties of a row that replaces others. `countedAt` stands for the rows' timestamps, since the new row has its own. */
export function propertiesOf({ counts, unknown, ...times }: SummedRows): Record<string, number | string> {
  const known = Object.entries(times).filter(([, seconds]) => seconds > 0);
  return { ...counts, ...Object.fromEntries(known), ...pathCountsProperty(mostFrequentPaths(unknown)) };
}

function countedAt({ countedAt, Timestamp: writtenAt }: JsonObject): number {
  return typeof countedAt === "number" ? countedAt : Math.floor(Date.parse(String(writtenAt)) / 1000) || 0;
}

function secondsOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
