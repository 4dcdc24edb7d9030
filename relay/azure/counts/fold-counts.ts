import { randomUUID } from "node:crypto";
import { daysBefore, foldedAfterDays } from "../../core/counts/counts.ts";
import { propertiesOf, sumOfRows } from "../../core/counts/row-of-counts.ts";
import type { JsonObject } from "../../core/event/json.ts";
import { countsTable } from "../../core/names.ts";
import { type EntityKey, mostInTransaction, type Position, type Tables } from "../storage/tables.ts";

/** Milliseconds for a page of rows, and for a transaction. */
const patience = 30_000;

/** One less than a transaction takes: the sum is written in the same one. */
const mostAtOnce = mostInTransaction - 1;

/** How the keys of sums begin, so that they come last in their day: after those of instances, and of purges. */
export const sumPrefix = "sum-";

export interface FoldPorts {
  readonly tables: Pick<Tables, "rowsBefore" | "replace">;
  readonly clock: () => Date;
}

/**
 * Makes one row of the many that each day has, one for each instance, once the day is older than a week: else the table would grow with
 * every instance that there ever was.
 *
 * A sum is written and its rows are deleted in one transaction, which fails if one of those is gone. So each row is in one sum only, even if
 * two instances add up at the same time or one crashes, and the total stays the same. It doesn't throw; what it leaves, the next one does.
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
    // The Table service is away, or another instance adds up the same rows.
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
