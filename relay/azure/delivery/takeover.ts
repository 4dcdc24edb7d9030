import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpHandler, HttpResponseInit } from "@azure/functions";
import * as z from "zod";
import { deliveredTables } from "../../core/duplicates/delivered-tables.ts";
import { describeError } from "../log.ts";
import type { Marks } from "../marks-reader.ts";
import type { RelayStorageClient } from "../storage/storage.ts";
import { createTableFor, type Entity, mostInTransaction, type Tables } from "../storage/tables.ts";

/** Milliseconds after which a call returns its progress. */
const longestWork = 8_000;
/** Milliseconds for one page of a thousand notes. */
const pageTimeout = 30_000;
/** Transactions at a time. A relay with an event a minute has a thousand partitions in a page, each with one note. */
const mostTogether = 10;

const request = z.object({
  /**
   * The first hexadecimal digit of the partitions. Each covers a sixteenth of all notes, so that callers can ask for
   * several at once.
   */
  share: z.string().regex(/^[0-9a-f]$/),
  /** The position that the previous call reached. */
  position: z.object({ table: z.string(), from: z.record(z.string(), z.string()).optional() }).optional(),
});

type Position = NonNullable<z.output<typeof request>["position"]>;

/** The header with the key. */
export const keyHeader = "x-relay-key";

/** The answer of `POST /takeover` with 200. */
interface TakeoverProgress {
  /** Notes that this call wrote. */
  readonly copied: number;
  /** For the next call; absent once this share is complete. */
  readonly position?: Position;
}

export interface TakeoverPorts {
  readonly marks: Marks;
  readonly storage: Pick<RelayStorageClient, "tables" | "tablesAt">;
  /** For how many days this relay remembers events; 0: it does not. */
  readonly windowDays: number;
  readonly clock: () => Date;
  /** Milliseconds of a monotonic clock; Node's by default. */
  readonly monotonic?: () => number;
}

/**
 * `POST /takeover`: copies notes of delivered events from the account of the relay that this one replaces, for some
 * seconds, and returns where to continue. `pulumi` calls it until everything is copied. A repeated call writes the same
 * notes again.
 *
 * The mark `former` on the queue names the account. The caller must send the key that matches the digest in that mark;
 * only a login that may write the queue's metadata can have set it. So only the relay's own identity needs a role on
 * data.
 *
 * | answer | when |
 * |---|---|
 * | 200 | `TakeoverProgress` |
 * | 403 | the key does not match the mark, which this instance has read within the last five seconds |
 * | 400 | the request is invalid |
 * | 503 | one of the accounts can't be used, with the reason |
 */
export function takeoverHandler(ports: TakeoverPorts): HttpHandler {
  const { marks, storage, windowDays, clock } = ports;
  return async (call): Promise<HttpResponseInit> => {
    const { former } = await marks().catch(() => ({ former: "none" as const }));
    if (former === "none" || !hasDigest(call.headers.get(keyHeader) ?? "", former.keyDigest)) return { status: 403 };
    const parsed = request.safeParse(await call.json().catch(() => undefined));
    if (!parsed.success) return { status: 400 };
    const { share, position } = parsed.data;
    try {
      if (windowDays === 0) return progress({ copied: 0 });
      const { current, previous } = deliveredTables(clock(), windowDays);
      const from = storage.tablesAt(former.address);
      return progress(await copy({ ports, from, names: [previous, current], share, position }));
    } catch (error) {
      return { status: 503, jsonBody: { reason: describeError(error) } };
    }
  };
}

async function copy(work: {
  ports: TakeoverPorts;
  from: Tables;
  names: readonly string[];
  share: string;
  position: Position | undefined;
}): Promise<TakeoverProgress> {
  const { ports, from, names, share } = work;
  const { storage, monotonic = () => performance.now() } = ports;
  const until = monotonic() + longestWork;
  const [oldest = ""] = names;
  let position = work.position;
  // A table that no longer exists is now older than the window: a new period has begun since the previous call.
  if (position === undefined || !names.includes(position.table)) position = { table: oldest };
  let copied = 0;
  while (position !== undefined && monotonic() < until) {
    const { table }: Position = position;
    const signal = AbortSignal.timeout(pageTimeout);
    // `~` sorts after all characters of keys.
    const page = await from.entities(table, { from: share, before: `${share}~`, position: position.from }, signal);
    for (const together of wavesOf(transactionsOf(page.entities))) {
      const write = (entities: Entity[]) =>
        createTableFor(storage.tables, table, signal, () => storage.tables.putAll(table, entities, signal));
      await Promise.all(together.map(write));
    }
    copied += page.entities.length;
    const after = names[names.indexOf(table) + 1];
    if (page.next) position = { table, from: page.next };
    else position = after === undefined ? undefined : { table: after };
  }
  return { copied, ...(position && { position }) };
}

/** In groups that fit one transaction, each in one partition. */
function transactionsOf(entities: readonly Entity[]): Entity[][] {
  const groups: Entity[][] = [];
  for (const entity of entities) {
    const last = groups.at(-1);
    if (last?.[0]?.key.partition === entity.key.partition && last.length < mostInTransaction) last.push(entity);
    else groups.push([entity]);
  }
  return groups;
}

/** Small transactions together, so that they write no more entities at a time than a full one does: an account's rate is limited. */
function wavesOf(transactions: readonly Entity[][]): Entity[][][] {
  const waves: Entity[][][] = [];
  let size = mostInTransaction;
  for (const entities of transactions) {
    const last = waves.at(-1);
    size += entities.length;
    if (last && last.length < mostTogether && size <= mostInTransaction) last.push(entities);
    else {
      waves.push([entities]);
      size = entities.length;
    }
  }
  return waves;
}

function hasDigest(key: string, digest: string): boolean {
  return timingSafeEqual(createHash("sha256").update(key).digest(), Buffer.from(digest, "hex"));
}

function progress(jsonBody: TakeoverProgress): HttpResponseInit {
  return { status: 200, jsonBody };
}
