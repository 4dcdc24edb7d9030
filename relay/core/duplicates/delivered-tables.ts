import { hash } from "node:crypto";

const day = 24 * 60 * 60 * 1000;
const prefix = "delivered";

/** The two keys of an entity in a table. */
interface EntityKey {
  readonly partition: string;
  readonly row: string;
}

/** The tables that remember which events Platform has. */
export interface DeliveredTables {
  /** Table of the current period, which is as long as the window. */
  readonly current: string;
  /** The previous period's table. Together they cover at least one window, and at most two. */
  readonly previous: string;
  /** When the current period began, in milliseconds since 1970. */
  readonly since: number;
}

/** @param windowDays the minimum number of days for which an event is remembered */
export function deliveredTables(now: Date, windowDays: number): DeliveredTables {
  const period = Math.floor(now.getTime() / (windowDays * day));
  const name = (of: number) => `${prefix}${windowDays}d${of}`;
  return { current: name(period), previous: name(period - 1), since: period * windowDays * day };
}

/** The account's tables that hold only events from before the window. */
export function listOutdated(
  tables: readonly string[],
  { current, previous }: Pick<DeliveredTables, "current" | "previous">,
): string[] {
  return tables.filter((table) => isDeliveredTable(table) && table !== current && table !== previous);
}

/** Whether a table is one of those, of any window and period. */
export function isDeliveredTable(name: string): boolean {
  return name.startsWith(prefix);
}

/** Hexadecimal digits of each hash in a key: 128 bits. */
const hashLength = 32;

const minute = 60_000;

/** What identifies a remembered event. */
export interface DeliveredEvent {
  /** Customer.io's id, or the one that is derived from the body. */
  readonly id: string;
  /** See `readCreationTime`. */
  readonly createdAt: number | undefined;
  /** The event's text as stored. */
  readonly body: string;
  /** The event's `digestBody`, if it has one. */
  readonly digest?: string | undefined;
}

/**
 * Where an event is noted: in the minute of its creation, in the order of creation. So events that arrive together are
 * stored together, and are looked up and noted together. The row key ends in hashes of the event's id and of its
 * content, since two different events may have the same id, and only an exact copy of what Platform has may be left
 * out.
 */
export function deliveredKey({ body, digest, ...event }: DeliveredEvent): EntityKey {
  const { partition, rowPrefix } = deliveredKeysOf(event);
  return { partition, row: `${rowPrefix}${digest ?? hashOf(body)}` };
}

/**
 * Where all events with an id are, whatever their content. A partition begins with a hexadecimal digit that differs
 * from the next one's, which spreads the load; an event without a time of creation is in one of 256 partitions, by the
 * hash of its id.
 */
export function deliveredKeysOf({ id, createdAt }: Pick<DeliveredEvent, "id" | "createdAt">): {
  readonly partition: string;
  readonly rowPrefix: string;
} {
  const digest = hashOf(id);
  if (createdAt === undefined) return { partition: digest.slice(0, 2), rowPrefix: `${digest}-` };
  const minutes = Math.floor(createdAt / minute);
  const since = String(createdAt - minutes * minute).padStart(5, "0");
  return { partition: `${(minutes % 16).toString(16)}-${minutes}`, rowPrefix: `${since}-${digest}-` };
}

/** The first characters of partitions. */
const digits = [..."0123456789abcdef"];

/**
 * The ranges of partitions with the notes of events that were created since a time, and of events that don't say when they were created.
 *
 * @param from milliseconds since 1970
 */
export function partitionsSince(from: number): { readonly from: string; readonly before: string }[] {
  const first = Math.floor(from / minute);
  // A digit or letter sorts after the hyphen, and `~` after both.
  return digits.map((digit) => ({ from: `${digit}-${first}`, before: `${digit}~` }));
}

/** When the events of a partition were created, in milliseconds since 1970; undefined if they don't say. */
export function timeOfPartition(partition: string): number | undefined {
  const [, minutes] = partition.split("-");
  return minutes === undefined ? undefined : Number(minutes) * minute;
}

function hashOf(text: string): string {
  return hash("sha256", text, "hex").slice(0, hashLength);
}
