import type { StoredEntity } from "../../../relay/azure/storage/tables.ts";
import { timeOfPartition } from "../../../relay/core/duplicates/delivered-tables.ts";
import { readDeliveryNote } from "../../../relay/core/duplicates/delivery-note.ts";
import type { QueuedEvent } from "../../../relay/core/event/envelope.ts";
import { longestPause } from "../../checks/queue.ts";
import { eventsIn } from "../../relay/queue-message.ts";
import type { RelayQueues } from "../../relay/relay-queues.ts";
import type { RelayStorageAccount } from "../../relay/relay-storage.ts";
import type { RelayTables } from "../../relay/relay-tables.ts";
import type { Ledger, Occurrence } from "../ledger.ts";
import type { AuditRange } from "../range.ts";
import { occurrenceOf } from "./held-events.ts";

/**
 * Seconds for which a note of a former version, which does not say what it is about, makes other absences unknowable.
 */
const mixed = 3_600;

/** A storage account of a relay. */
export interface AuditedAccount {
  readonly tables: Pick<RelayTables, "eachDeliveryNote" | "readCounts">;
  readonly storage: Pick<RelayStorageAccount, "peekMessages" | "readClaim">;
  readonly queues: Pick<RelayQueues, "count">;
}

/** What a relay knows about the events that it has accepted. */
export interface RelaySide {
  /** Its own, and those of replaced relays that still exist: these deliver what they hold. */
  readonly accounts: readonly [AuditedAccount, ...AuditedAccount[]];
  /** Waits for some milliseconds. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** What was read of a relay. */
export interface RelayRead {
  /** Unix seconds. The relay has not delivered an event that happened since then and has no note. Undefined if nothing can be known. */
  readonly notesSince: number | undefined;
  /** About how many messages of its queues could not be read: they are hidden until their next attempt, or are not at the heads of the queues. */
  readonly messages: number;
  /** Whether an event that is found nowhere may be in one of these messages; otherwise they have just arrived, and are being delivered. */
  readonly mayHold: boolean;
}

/** If more messages can't be read, an absent event may be in one of them. */
const backlog = 20;

/**
 * How often the queue is read, and the milliseconds between, until it is clear whether the hidden messages are being delivered. Instances
 * write their counts every 15 seconds.
 */
const [mostLooks, lookPause] = [16, 2_000];

/**
 * Reads a relay's side into the ledger: the events at the heads of its queues, and its notes of delivered events. The queues come first,
 * so that no event moves past the reader.
 */
export async function readRelaySide(
  { accounts, pause }: RelaySide,
  {
    ledger,
    range,
    now,
    signal,
  }: { readonly ledger: Ledger; readonly range: AuditRange; readonly now: Date; readonly signal: AbortSignal },
): Promise<RelayRead> {
  await ledger.run("DELETE FROM waiting; DELETE FROM noted");
  let [messages, mayHold] = [0, false];
  for (const account of accounts) {
    const { events, ...hidden } = await readQueues(account, pause, now, signal);
    messages += hidden.messages;
    mayHold ||= hidden.mayHold;
    await ledger.add("waiting", await readOccurrences(events, account.storage));
  }
  let notesSince: number | undefined;
  for (const [index, { tables }] of accounts.entries()) {
    // An event is created after its message, and perhaps weeks after it happened: devices report late.
    await tables.eachDeliveryNote(range.createdFrom * 1000, signal, (notes) =>
      ledger.add("noted", notes.map(occurrenceOfNote)),
    );
    // A replaced relay may have older notes, but the current one's have no gap.
    if (index === 0) notesSince = await findBeginning(ledger);
  }
  return { notesSince, messages, mayHold };
}

async function readOccurrences(
  events: readonly QueuedEvent[],
  storage: Pick<RelayStorageAccount, "readClaim">,
): Promise<Occurrence[]> {
  const found: Occurrence[] = [];
  for (const event of events) {
    const body = "body" in event ? event.body : await storage.readClaim(event.claim);
    const occurrence = body === undefined ? undefined : occurrenceOf(body);
    if (occurrence) found.push(occurrence);
  }
  return found;
}

/**
 * Reads the visible messages of the queues. A hidden one is being delivered at the moment, or waits for its next try, perhaps for hours. If there
 * are few of them, this looks again until none is left or the relay has delivered something; if neither happens, they wait. An event that
 * fails by itself waits beside others that are delivered; each of its tries sets `oldPutBackAt` once it is an hour old, also after a replay.
 */
async function readQueues(
  { tables, storage, queues }: AuditedAccount,
  pause: RelaySide["pause"],
  now: Date,
  signal: AbortSignal,
): Promise<Omit<RelayRead, "notesSince"> & { readonly events: readonly QueuedEvent[] }> {
  let before: number | undefined;
  for (let look = 1; ; look += 1) {
    const count = await queues.count();
    const read = [...(await storage.peekMessages()).values()].flat().filter(({ readable }) => readable);
    // Messages come and go meanwhile: neither may make a hidden one seem to be among those that were read.
    const messages = Math.max(0, Math.max(count, await queues.count()) - read.length);
    const events = read.flatMap(eventsIn);
    if (messages === 0) return { events, messages, mayHold: false };
    if (messages > backlog) return { events, messages, mayHold: true };
    const { total, lateAt, oldPutBackAt } = await tables.readCounts();
    // A relay of an earlier version records only `lateAt`.
    const isOld = [lateAt, oldPutBackAt].some((at) => at !== undefined && now.getTime() - at.getTime() < longestPause);
    before ??= total.delivered;
    if (total.delivered > before && !isOld) return { events, messages, mayHold: false };
    if (look === mostLooks) return { events, messages, mayHold: true };
    await pause(lookPause, signal);
  }
}

/** As an occurrence at the time at which Platform had accepted it; with a reason if the note does not say what it is about. */
function occurrenceOfNote({ key: { partition }, properties, writtenAt }: StoredEntity): Occurrence {
  const note = readDeliveryNote(properties);
  const { delivery, objectType = "", metric = "" } = note ?? {};
  const made = timeOfPartition(partition) ?? writtenAt.getTime();
  const happened = note?.deliveredAt ?? Math.floor(made / 1000);
  return { delivery, objectType, metric, happened, reason: note ? undefined : "of a former version" };
}

async function findBeginning(ledger: Ledger): Promise<number | undefined> {
  const [row] = await ledger.query(
    "SELECT CAST(min(happened) FILTER (reason IS NULL) AS DOUBLE) AS first, CAST(max(happened) FILTER (reason IS NOT NULL) AS DOUBLE) AS bare FROM noted",
  );
  if (typeof row?.first !== "number") return undefined;
  return typeof row.bare === "number" ? Math.max(row.first, row.bare + mixed) : row.first;
}
