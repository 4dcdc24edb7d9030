import type { StoredEntity } from "../../../relay/azure/storage/tables.ts";
import { timeOfPartition } from "../../../relay/core/duplicates/delivered-tables.ts";
import { readDeliveryNote } from "../../../relay/core/duplicates/delivery-note.ts";
import type { RelayQueues } from "../../relay/relay-queues.ts";
import type { RelayStorageAccount } from "../../relay/relay-storage.ts";
import type { RelayTables } from "../../relay/relay-tables.ts";
import type { Ledger, Occurrence } from "../ledger.ts";
import type { AuditRange } from "../range.ts";
import { occurrenceOf } from "./held-events.ts";

const day = 86_400;
/** Seconds before the range from which notes are read: the first of them shows since when the relay has kept notes. */
const before = day;
/** Seconds after the range in which an event of the range may still be created: devices report late. */
const after = 7 * day;
/**
 * Seconds for which a note of a former version, which does not say what it is about, makes other absences unknowable.
 */
const mixed = 3_600;

/** What a relay knows about the events that it has accepted. */
export interface RelaySide {
  readonly tables: Pick<RelayTables, "eachDeliveryNote">;
  readonly storage: Pick<RelayStorageAccount, "peekEvents" | "readClaim">;
  readonly queues: Pick<RelayQueues, "count">;
}

/** What was read of a relay. */
export interface RelayRead {
  /** Unix seconds: what happened since, and has no note, the relay has not delivered. Undefined if nothing can be known. */
  readonly notesSince: number | undefined;
  /** About how many messages were in its queues. */
  readonly messages: number;
}

/**
 * Reads a relay's side into the ledger: the events at the head of its queue, and its notes of delivered events. The queue comes first,
 * so that no event moves past the reader.
 */
export async function readRelaySide(
  { tables, storage, queues }: RelaySide,
  { ledger, range, signal }: { readonly ledger: Ledger; readonly range: AuditRange; readonly signal: AbortSignal },
): Promise<RelayRead> {
  const messages = await queues.count();
  await ledger.run("DELETE FROM waiting; DELETE FROM noted");
  const waiting: Occurrence[] = [];
  for (const event of messages === 0 ? [] : await storage.peekEvents()) {
    const body = "body" in event ? event.body : await storage.readClaim(event.claim);
    const occurrence = body === undefined ? undefined : occurrenceOf(body);
    if (occurrence) waiting.push(occurrence);
  }
  await ledger.add("waiting", waiting);
  const created = { from: (range.from - before) * 1000, before: (range.to + after) * 1000 };
  await tables.eachDeliveryNote(created, signal, (notes) => ledger.add("noted", notes.map(occurrenceOfNote)));
  return { notesSince: await findBeginning(ledger), messages };
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
