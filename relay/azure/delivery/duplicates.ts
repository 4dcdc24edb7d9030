import {
  type DeliveredEvent,
  type DeliveredTables,
  deliveredKey,
  deliveredTables,
  listOutdated,
} from "../../core/duplicates/delivered-tables.ts";
import type { DeliveryNote, NoteSubject } from "../../core/duplicates/delivery-note.ts";
import { Gathering } from "../../core/gathering.ts";
import { describeError } from "../log.ts";
import { type EntityKey, mostInTransaction, TableError, type Tables } from "../storage/tables.ts";

/** Milliseconds for one look-up or note. Sending an event twice is better than delaying it to avoid a duplicate. */
const patience = 2_000;

/** Events that an instance remembers in memory, about 3 MB. */
const remembered = 20_000;

/** Rows that may be read for each event in a combined look-up: reading this many costs less than another query. */
const rowsForEach = 100;
/** Maximum rows of one answer. */
const mostRows = 1_000;

/** Milliseconds by which the clocks of Customer.io and Azure may differ. */
const skew = 60_000;

/** An event that is about to be sent. */
export interface KnownEvent extends DeliveredEvent {
  /** Whether Platform may have it: see `mayBeRepeated`. */
  readonly mayBeRepeated: boolean;
  /** The content of its note, besides the key. */
  readonly subject: NoteSubject;
}

/** The note of an event in its partition. */
interface NoteRow {
  readonly row: string;
  readonly note: DeliveryNote;
}

/** Keeps Platform from getting an event a second time. */
export interface Duplicates {
  /**
   * Delivers an event with `send`, unless Platform already has it.
   *
   * @param report called at most once a minute if an event can't be looked up or noted, with a message for the log
   * @returns the result of `send`, in which the fate `delivered` means that Platform accepted the event; undefined if
   * it was left out
   * @throws only what `send` throws
   */
  deliverOnce<T extends { readonly fate: string }>(
    event: KnownEvent,
    send: () => Promise<T>,
    report: (reason: string) => void,
  ): Promise<T | undefined>;
}

/** Sends every event. */
export const keepDuplicates: Duplicates = { deliverOnce: (_event, send) => send() };

export interface RememberedDuplicatesPorts {
  readonly tables: Pick<Tables, "create" | "delete" | "list" | "put" | "putAll" | "has" | "rowKeys">;
  readonly clock: () => Date;
  /** Minimum time for which an event is remembered. */
  readonly windowDays: number;
}

/**
 * Remembers in the account's tables which events Platform accepted. An event is looked up before it is sent if it may
 * be a repetition, and noted after Platform's 2xx, never before. So no event is left out that Platform does not have.
 * These may still be sent twice, under the same `_id`: an event whose process ended between Platform's answer and the
 * note, one whose answer was lost, one that two instances send at the same moment, and any event for which the tables
 * did not answer in time.
 *
 * Two events are the same if they have the same id and the same content, byte for byte, as in a repeated call.
 * Customer.io says that the id is the event's (its reporting webhook docs), but two events with the same id have been
 * seen. If that assumption is wrong in this direction, the dataset has a second row under one `_id`; in the other
 * direction, an event would be lost. Notes of former versions are in other tables, and are deleted with them.
 *
 * An event that comes alone costs one table transaction, and each of many a hundredth of one: events that arrive during
 * a write are noted with the next one, up to a hundred of the same minute. The same applies to look-ups.
 */
export class RememberedDuplicates implements Duplicates {
  readonly #ports: RememberedDuplicatesPorts;
  /** In the order in which they were noted; the oldest is removed first. */
  readonly #delivered = new Set<string>();
  /** Events that this instance is sending, and whether Platform accepted them. */
  readonly #underWay = new Map<string, Promise<boolean>>();
  /** By table and partition. */
  readonly #lookUps: Gathering<string, boolean>;
  readonly #notes: Gathering<NoteRow, boolean>;
  #troubleAt = Number.NEGATIVE_INFINITY;

  constructor(ports: RememberedDuplicatesPorts) {
    this.#ports = ports;
    this.#lookUps = new Gathering({ work: (place, rows) => this.#find(place, rows), most: mostInTransaction });
    this.#notes = new Gathering({ work: (partition, rows) => this.#write(partition, rows), most: mostInTransaction });
  }

  async deliverOnce<T extends { readonly fate: string }>(
    event: KnownEvent,
    send: () => Promise<T>,
    report: (reason: string) => void,
  ): Promise<T | undefined> {
    const key = deliveredKey(event);
    const { row } = key;
    for (let other = this.#underWay.get(row); other; other = this.#underWay.get(row)) {
      if (await other) return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#underWay.set(row, promise);
    let delivered = false;
    try {
      delivered = await this.#isDelivered(key, event, report);
      if (delivered) return undefined;
      const delivery = await send();
      delivered = delivery.fate === "delivered";
      if (delivered) await this.#note(key, event.subject, report);
      return delivery;
    } finally {
      this.#underWay.delete(row);
      resolve(delivered);
    }
  }

  async #isDelivered(key: EntityKey, event: KnownEvent, report: (reason: string) => void): Promise<boolean> {
    if (this.#delivered.has(key.row)) return true;
    if (!event.mayBeRepeated) return false;
    const { clock, windowDays } = this.#ports;
    const now = clock();
    const { current, previous, since } = deliveredTables(now, windowDays);
    const { createdAt = Number.NEGATIVE_INFINITY } = event;
    // An event can't have been noted before it was created. A time in the future is not that of its creation.
    const isNew = createdAt > since + skew && createdAt <= now.getTime() + skew;
    try {
      const tables = isNew ? [current] : [current, previous];
      const found = await Promise.all(tables.map((table) => this.#lookUps.add(`${table}/${key.partition}`, key.row)));
      return found.includes(true);
    } catch (error) {
      this.#reportTrouble(error, report);
      return false;
    }
  }

  /** Which of several rows of one partition exist. */
  async #find(place: string, wanted: readonly string[]): Promise<boolean[]> {
    const [table = "", partition = ""] = place.split("/");
    const { tables } = this.#ports;
    const signal = AbortSignal.timeout(patience);
    const sorted = [...wanted].sort();
    const [from = "", to = ""] = [sorted[0], sorted.at(-1)];
    const most = Math.min(mostRows, rowsForEach * wanted.length);
    const range = from === to ? undefined : await tables.rowKeys(table, { partition, from, to, most }, signal);
    const found = new Set(range?.rows);
    if (range?.isAll) return wanted.map((row) => found.has(row));
    // Nothing was read, or too many other rows are in between: look up everything after the last row one by one.
    const seen = range?.rows.at(-1) ?? "";
    return Promise.all(
      wanted.map(
        async (row) => found.has(row) || (row > seen && (await tables.has(table, { partition, row }, signal))),
      ),
    );
  }

  async #note(key: EntityKey, subject: NoteSubject, report: (reason: string) => void): Promise<void> {
    const deliveredAt = Math.floor(this.#ports.clock().getTime() / 1000);
    this.#delivered.add(key.row);
    for (const oldest of this.#delivered) {
      if (this.#delivered.size <= remembered) break;
      this.#delivered.delete(oldest);
    }
    try {
      await this.#notes.add(key.partition, { row: key.row, note: { ...subject, deliveredAt } });
    } catch (error) {
      this.#reportTrouble(error, report);
    }
  }

  /** Writes the notes of one partition. @returns true for each */
  async #write(partition: string, rows: readonly NoteRow[]): Promise<boolean[]> {
    const { tables, clock, windowDays } = this.#ports;
    const signal = AbortSignal.timeout(patience);
    const names = deliveredTables(clock(), windowDays);
    const entities = rows.map(({ row, note }) => ({ key: { partition, row }, properties: { ...note } }));
    const [only] = entities;
    const write = () =>
      entities.length === 1 && only
        ? tables.put(names.current, only.key, signal, only.properties)
        : tables.putAll(names.current, entities, signal);
    await write().catch(async (error: unknown) => {
      if (!(error instanceof TableError && error.status === 404)) throw error;
      await this.#begin(names, signal);
      await write();
    });
    return rows.map(() => true);
  }

  /** Creates the table of a new period; the instance that creates it deletes those of past periods. */
  async #begin(names: DeliveredTables, signal: AbortSignal): Promise<void> {
    const { tables } = this.#ports;
    if (!(await tables.create(names.current, signal))) return;
    for (const table of listOutdated(await tables.list(signal), names)) await tables.delete(table, signal);
  }

  #reportTrouble(error: unknown, report: (reason: string) => void): void {
    const now = this.#ports.clock().getTime();
    if (now - this.#troubleAt < 60_000) return;
    this.#troubleAt = now;
    report(describeError(error));
  }
}
