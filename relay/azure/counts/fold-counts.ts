import { randomUUID } from "node:crypto";
import { daysBefore, foldedAfterDays } from "../../core/counts/counts.ts";
import { propertiesOf, sumOfRows } from "../../core/counts/row-of-counts.ts";
import type { JsonObject } from "../../core/event/json.ts";
import { countsTable } from "../../core/names.ts";
import { type EntityKey, mostInTransaction, type Position, type Tables } from "../storage/tables.ts";

/** Milliseconds for a page of rows, and for a transaction. */
const patience = 30_000;

/** One less than a transaction allows, because the sum is written in the same one. */
const mostAtOnce = mostInTransaction - 1;

/** Prefix of the sums' keys. It puts them last in their day, after the rows of instances and purges. */
export const sumPrefix = "sum-";

export interface FoldPorts {
  readonly tables: Pick<Tables, "rowsBefore" | "replace">;
  readonly clock: () => Date;
}

/**
 * Combines the rows of a day, one per instance, into one row once the day is older than a week. Otherwise the table
 * would grow with every instance that ever ran.
 *
 * One transaction writes the sum and deletes its rows, and fails if one of those is gone. So each row is in exactly one
 * sum and the total does not change, even if two instances add up at the same time or one crashes. Never throws; the
 * next run does what this one leaves.
 */
export async function foldCounts({ tables, clock }: FoldPorts): Promise<void> {
  const partition = daysBefore(clock(), foldedAfterDays);
  try {
    for (let from: Position | undefined = {}; from !== undefined; ) {
      const page = await tables.rowsBefore(countsTable, { partition, from }, AbortSignal.timeout(patience));
      const days = Map.groupBy(page.rows, ({ PartitionKey: day }) => String(day));
      for (const [day, rows] of days) await foldDay(tables, day, rows);
      from = page.next;
    }
  } catch {
    // The Table service does not answer, or another instance is adding up the same rows.
  }
}

async function foldDay(tables: FoldPorts["tables"], day: string, rows: readonly JsonObject[]): Promise<void> {
  let sum: JsonObject | undefined;
  let rest = rows;
  while (rest.length + (sum ? 1 : 0) > 1) {
    const some: JsonObject[] = [...(sum ? [sum] : []), ...rest].slice(0, mostAtOnce);
    rest = rest.slice(some.length - (sum ? 1 : 0));
    const key: EntityKey = { partition: day, row: `${sumPrefix}${randomUUID()}` };
    const properties = propertiesOf(sumOfRows(some));
    const others = some.map(({ RowKey: row }) => ({ partition: day, row: String(row) }));
    await tables.replace(countsTable, { key, properties, others }, AbortSignal.timeout(patience));
    sum = { ...properties, PartitionKey: day, RowKey: key.row };
  }
}
