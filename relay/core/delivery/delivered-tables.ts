import { createHash } from "node:crypto";

const day = 24 * 60 * 60 * 1000;
const prefix = "delivered";

/** The two keys of an entity in a table. */
interface EntityKey {
  readonly partition: string;
  readonly row: string;
}

/** The tables that remember the events that Platform has. */
export interface DeliveredTables {
  /** Table of the current period, which is as long as the window. */
  readonly current: string;
  /** Table of the period before. Together they reach back one window at least, and two at most. */
  readonly previous: string;
}

/** @param windowDays how long an event is to be remembered at least */
export function deliveredTables(now: Date, windowDays: number): DeliveredTables {
  const period = Math.floor(now.getTime() / (windowDays * day));
  const name = (of: number) => `${prefix}${windowDays}d${of}`;
  return { current: name(period), previous: name(period - 1) };
}

/** Those of the account's tables that hold only events from before the window. */
export function listOutdated(tables: readonly string[], { current, previous }: DeliveredTables): string[] {
  return tables.filter((table) => isDeliveredTable(table) && table !== current && table !== previous);
}

/** Whether a table is one of those, of whatever window and period. */
export function isDeliveredTable(name: string): boolean {
  return name.startsWith(prefix);
}

/** Hexadecimal digits of each hash in a key: 128 bits. */
const hashLength = 32;

/**
 * What an event is remembered by: hashes of its id and of its content, since two different events may come under one id, and only
 * what Platform has word for word may be left out.
 *
 * @param body the event's text as it is stored
 * @param digest the event's `digestBody`, if it has one; messages of former versions have none
 */
export function deliveredKey({
  id,
  body,
  digest,
}: {
  id: string;
  body: string;
  digest?: string | undefined;
}): EntityKey {
  const { partition, rowPrefix } = deliveredKeysOf(id);
  return { partition, row: `${rowPrefix}${digest ?? hashOf(body)}` };
}

/** Where all events of an id are, whatever their content: spread over 256 partitions of a table. */
export function deliveredKeysOf(id: string): { readonly partition: string; readonly rowPrefix: string } {
  const hash = hashOf(id);
  return { partition: hash.slice(0, 2), rowPrefix: `${hash}-` };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, hashLength);
}
