import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpHandler, HttpResponseInit } from "@azure/functions";
import * as z from "zod";
import { deliveredTables } from "../../core/duplicates/delivered-tables.ts";
import { describeError } from "../log.ts";
import type { Marks } from "../marks-reader.ts";
import type { RelayStorageClient } from "../storage/storage.ts";
import { createTableFor, type Entity, mostInTransaction, type Tables } from "../storage/tables.ts";

/** Milliseconds after which a call answers how far it has come. */
const longestWork = 8_000;
/** Milliseconds for one page of a thousand notes. */
const pageTimeout = 30_000;

const request = z.object({
  /** The first hexadecimal digit of the partitions: a sixteenth of all notes, so that callers can ask for several at once. */
  share: z.string().regex(/^[0-9a-f]$/),
  /** How far the call before this one came. */
  position: z.object({ table: z.string(), from: z.record(z.string(), z.string()).optional() }).optional(),
});

type Position = NonNullable<z.output<typeof request>["position"]>;

/** The header that carries the key. */
export const keyHeader = "x-relay-key";

/** What `POST /takeover` answers with 200. */
interface TakeoverProgress {
  /** Notes that this call has written. */
  readonly copied: number;
  /** For the next call; absent once the share is done. */
  readonly position?: Position;
}

export interface TakeoverPorts {
  readonly marks: Marks;
  readonly storage: Pick<RelayStorageClient, "tables" | "tablesAt">;
  /** How many days this relay remembers events; 0: it does not. */
  readonly windowDays: number;
  readonly clock: () => Date;
  /** Milliseconds of a clock that never goes back; Node's by default. */
  readonly monotonic?: () => number;
}

/**
 * `POST /takeover`: copies notes of delivered events from the account of a relay that this one replaces, for some seconds, and says
 * where to go on. `pulumi` calls it again until all is copied. Repeated, it writes the same notes again.
 *
 * The account is named by the mark `former` on the queue. The caller must show the key to the digest in that mark; only a login
 * that may write the queue's metadata can have set it. So no role on data is needed by anyone but the relay's own identity.
 *
 * | answer | when |
 * |---|---|
 * | 200 | `TakeoverProgress` |
 * | 403 | the key does not fit the mark as this instance knows it, by a look of up to five seconds ago |
 * | 400 | the request is not as it should be |
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
  // What is no longer among the tables is older than the window by now: a new period has begun since the call before.
  if (position === undefined || !names.includes(position.table)) position = { table: oldest };
  let copied = 0;
  while (position !== undefined && monotonic() < until) {
    const { table }: Position = position;
    const signal = AbortSignal.timeout(pageTimeout);
    // `~` comes after all that keys are made of.
    const page = await from.entities(table, { from: share, before: `${share}~`, position: position.from }, signal);
    for (const entities of transactionsOf(page.entities)) {
      await createTableFor(storage.tables, table, signal, () => storage.tables.putAll(table, entities, signal));
    }
    copied += page.entities.length;
    const after = names[names.indexOf(table) + 1];
    if (page.next) position = { table, from: page.next };
    else position = after === undefined ? undefined : { table: after };
  }
  return { copied, ...(position && { position }) };
}

/** In groups that one transaction takes: of one partition each. */
function transactionsOf(entities: readonly Entity[]): Entity[][] {
  const groups: Entity[][] = [];
  for (const entity of entities) {
    const last = groups.at(-1);
    if (last?.[0]?.key.partition === entity.key.partition && last.length < mostInTransaction) last.push(entity);
    else groups.push([entity]);
  }
  return groups;
}

function hasDigest(key: string, digest: string): boolean {
  return timingSafeEqual(createHash("sha256").update(key).digest(), Buffer.from(digest, "hex"));
}

function progress(jsonBody: TakeoverProgress): HttpResponseInit {
  return { status: 200, jsonBody };
}
