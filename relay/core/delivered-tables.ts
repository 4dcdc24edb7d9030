import { createHash } from "node:crypto";

const day = 24 * 60 * 60 * 1000;
const prefix = "delivered";

/** Where the event ids are kept that Platform has. */
export interface DeliveredTables {
  /** Table of the period that is now, which is as long as the window. */
  readonly current: string;
  /** Table of the one before: together they reach back one window at least, and two at most. */
  readonly previous: string;
}

/** @param windowDays how long an event is to be remembered at least */
export function deliveredTables(now: Date, windowDays: number): DeliveredTables {
  const period = Math.floor(now.getTime() / (windowDays * day));
  const name = (of: number) => `${prefix}${windowDays}d${of}`;
  return { current: name(period), previous: name(period - 1) };
}

/** Those of the account's tables that hold only ids from before the window. */
export function outdated(tables: readonly string[], { current, previous }: DeliveredTables): string[] {
  return tables.filter((table) => isDeliveredTable(table) && table !== current && table !== previous);
}

/** Whether a table is one of those, of whatever window and period. */
export function isDeliveredTable(name: string): boolean {
  return name.startsWith(prefix);
}

/** Where an id is in its table: a hash, since an id may be any text, spread over 256 partitions of a table. */
export function deliveredKey(eventId: string): { partition: string; row: string } {
  const row = createHash("sha256").update(eventId).digest("hex");
  return { partition: row.slice(0, 2), row };
}
