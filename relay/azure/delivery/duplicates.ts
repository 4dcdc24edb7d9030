import { type DeliveredTables, deliveredTables, listOutdated } from "../../core/delivery/delivered-tables.ts";
import { describeError } from "../log.ts";
import { type EntityKey, TableError, type Tables } from "../storage/tables.ts";

/** Milliseconds for one look-up or note. It is better to send an event twice than to hold it up to avoid a duplicate. */
const patience = 2_000;

/** Events that an instance keeps in memory, some 15 MB. */
const remembered = 100_000;

/** Keeps Platform from getting an event a second time. */
export interface Duplicates {
  /**
   * Delivers an event by `send`, unless Platform has the same event already.
   *
   * @param event its id and content, as `deliveredKey` makes them
   * @param report called at most once a minute if an event can't be looked up or noted, with words for the log
   * @returns what `send` says, whose fate `delivered` means that Platform took it; undefined if it was left out
   * @throws what `send` throws, and nothing else
   */
  deliverOnce<T extends { readonly fate: string }>(
    event: EntityKey,
    send: () => Promise<T>,
    report: (reason: string) => void,
  ): Promise<T | undefined>;
}

/** Lets every event through. */
export const keepDuplicates: Duplicates = { deliverOnce: (_event, send) => send() };

export interface RememberedDuplicatesPorts {
  readonly tables: Pick<Tables, "create" | "delete" | "list" | "put" | "has">;
  readonly clock: () => Date;
  /** How long an event is remembered at least. */
  readonly windowDays: number;
}

/**
 * Remembers the events that Platform took in the account's tables: looked up before an event is sent, in this window's
 * table and the one before, and noted after Platform's 2xx, never before. So no event is left out that Platform does not have. What
 * can go twice nonetheless, under the same `_id`: an event whose process ended between Platform's answer and the note, one whose
 * answer got lost, one that two instances send in the same moment, and all for which the tables did not answer in time.
 *
 * Two events are the same if they have one id and one content, byte by byte, as a repeated call has. Customer.io calls its id that of
 * the event (its reporting webhook docs), yet ids that two events share have been seen; a guess that is wrong in this way gives a
 * second row under one `_id`, and the other way round it would lose an event. Notes of former versions, which went by id alone, are
 * therefore not looked at; they go with their tables.
 *
 * Three transactions of a table for each event.
 */
export class RememberedDuplicates implements Duplicates {
  readonly #ports: RememberedDuplicatesPorts;
  /** In the order in which they were noted; the oldest goes first. */
  readonly #delivered = new Set<string>();
  /** Events of this instance that are under way, and whether Platform took them. */
  readonly #underWay = new Map<string, Promise<boolean>>();
  #troubleAt = Number.NEGATIVE_INFINITY;

  constructor(ports: RememberedDuplicatesPorts) {
    this.#ports = ports;
  }

  async deliverOnce<T extends { readonly fate: string }>(
    event: EntityKey,
    send: () => Promise<T>,
    report: (reason: string) => void,
  ): Promise<T | undefined> {
    const { row } = event;
    for (let other = this.#underWay.get(row); other; other = this.#underWay.get(row)) {
      if (await other) return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#underWay.set(row, promise);
    let delivered = false;
    try {
      delivered = await this.#isDelivered(event, report);
      if (delivered) return undefined;
      const delivery = await send();
      delivered = delivery.fate === "delivered";
      if (delivered) await this.#note(event, report);
      return delivery;
    } finally {
      this.#underWay.delete(row);
      resolve(delivered);
    }
  }

  async #isDelivered(key: EntityKey, report: (reason: string) => void): Promise<boolean> {
    if (this.#delivered.has(key.row)) return true;
    const { tables, clock, windowDays } = this.#ports;
    const signal = AbortSignal.timeout(patience);
    const { current, previous } = deliveredTables(clock(), windowDays);
    try {
      const found = await Promise.all([current, previous].map((table) => tables.has(table, key, signal)));
      return found.includes(true);
    } catch (error) {
      this.#trouble(error, report);
      return false;
    }
  }

  async #note(key: EntityKey, report: (reason: string) => void): Promise<void> {
    this.#delivered.add(key.row);
    for (const oldest of this.#delivered) {
      if (this.#delivered.size <= remembered) break;
      this.#delivered.delete(oldest);
    }
    const { tables, clock, windowDays } = this.#ports;
    const signal = AbortSignal.timeout(patience);
    const names = deliveredTables(clock(), windowDays);
    try {
      await tables.put(names.current, key, signal).catch(async (error: unknown) => {
        if (!(error instanceof TableError && error.status === 404)) throw error;
        await this.#begin(names, signal);
        await tables.put(names.current, key, signal);
      });
    } catch (error) {
      this.#trouble(error, report);
    }
  }

  /** Makes a new period's table; the instance that made it removes those of the past. */
  async #begin(names: DeliveredTables, signal: AbortSignal): Promise<void> {
    const { tables } = this.#ports;
    if (!(await tables.create(names.current, signal))) return;
    for (const table of listOutdated(await tables.list(signal), names)) await tables.delete(table, signal);
  }

  #trouble(error: unknown, report: (reason: string) => void): void {
    const now = this.#ports.clock().getTime();
    if (now - this.#troubleAt < 60_000) return;
    this.#troubleAt = now;
    report(describeError(error));
  }
}
