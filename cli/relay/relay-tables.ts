import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import {
  createTableFor,
  type Position,
  type StoredEntity,
  TableError,
  Tables,
} from "../../relay/azure/storage/tables.ts";
import { type Counts, daysBefore, foldedAfterDays, type OperatorCount } from "../../relay/core/counts/counts.ts";
import { sumOfRows } from "../../relay/core/counts/row-of-counts.ts";
import { deliveredKeysOf, isDeliveredTable, partitionsSince } from "../../relay/core/duplicates/delivered-tables.ts";
import type { JsonObject } from "../../relay/core/event/json.ts";
import { countsTable, forwardersPartition, forwardersTable } from "../../relay/core/names.ts";
import { utcDateOf } from "../../relay/core/zoned-time.ts";
import { startTimeLimit } from "../clients.ts";
import { processEach } from "../process-each.ts";
import type { StackSource } from "../stack/source.ts";
import { sendByProxy } from "./send-by-proxy.ts";
import { dataRoles, StoragePermission, statusOf } from "./storage-permission.ts";

/** Maximum number of times to read the counts again. */
const mostReads = 5;
/** Milliseconds between the attempts of a call, about as in Azure's libraries for blobs and queues. */
const tryPauses = [500, 2_000, 8_000];

/** What the instances of the relay have counted. */
export interface RelayCounts {
  /** Sum over all days. */
  readonly total: Counts;
  /** By UTC date, the oldest first. */
  readonly days: ReadonlyMap<string, Counts>;
  /** When anything was counted last. */
  readonly countedAt: Date | undefined;
  /** When a call from Customer.io was last accepted; test events of `customerio-aep verify` don't count. */
  readonly takenAt: Date | undefined;
  /** When a call with one of Customer.io's headers was last refused. */
  readonly refusedAt: Date | undefined;
  /** When Platform last accepted an event. */
  readonly deliveredAt: Date | undefined;
  /** When events were last held until an operator acts. */
  readonly heldAt: Date | undefined;
  /** When the relay last had an event that it could not deliver for more than an hour. */
  readonly lateAt: Date | undefined;
  /** When an event that the relay had received more than an hour before last went back to the queue; earlier versions don't record it. */
  readonly oldPutBackAt: Date | undefined;
  /** How many events had each attribute that the catalogue lacks, of all days together. */
  readonly unknownPaths: ReadonlyMap<string, number>;
}

/** The tables of a relay's storage account, opened with the caller's own Azure login. */
export class RelayTables {
  readonly #permission: Pick<StoragePermission, "explain">;
  readonly #tables: Tables;
  readonly #pause: (milliseconds: number) => Promise<unknown>;

  /** @param pause waits before a call is repeated */
  constructor(
    permission: Pick<StoragePermission, "explain">,
    tables: Tables,
    pause: (milliseconds: number) => Promise<unknown> = (milliseconds) => sleep(milliseconds),
  ) {
    this.#permission = permission;
    this.#tables = tables;
    this.#pause = pause;
  }

  static async open(source: StackSource): Promise<RelayTables> {
    return RelayTables.openAt(await StoragePermission.of(source));
  }

  /** Those of replaced relays whose accounts still exist. */
  static async openReplaced(source: StackSource): Promise<RelayTables[]> {
    return (await StoragePermission.ofReplaced(source)).map((permission) => RelayTables.openAt(permission));
  }

  /** Those of any account. */
  static openAt(permission: StoragePermission): RelayTables {
    const { endpoints, credential } = permission;
    const access = {
      queueServiceUri: endpoints.queue,
      blobServiceUri: endpoints.blob,
      tableServiceUri: endpoints.table,
      credential,
    };
    return new RelayTables(permission, new Tables(async () => access, sendByProxy));
  }

  /** An audit reads the notes of ten million events in ten thousand calls, so one that fails must not end it. */
  #call<T>(role: Parameters<StoragePermission["explain"]>[0], work: () => Promise<T>): Promise<T> {
    return this.#permission.explain(role, async () => {
      for (const pause of tryPauses) {
        try {
          return await work();
        } catch (error) {
          if (!isPassing(error)) throw error;
          await this.#pause(pause);
        }
      }
      return work();
    });
  }

  /** All counts so far. Instances write theirs with a delay of some seconds. */
  async readCounts(): Promise<RelayCounts> {
    const rows = await this.#call(dataRoles.tableReader, () => this.#settledRows());
    const byDay = [...Map.groupBy(rows, ({ PartitionKey: day }) => String(day))];
    const days = byDay.map(([day, ofDay]) => [day, sumOfRows(ofDay).counts] as const);
    const { counts, unknown, countedAt, ...times } = sumOfRows(rows);
    const timeOf = (seconds: number) => (seconds > 0 ? new Date(seconds * 1000) : undefined);
    return {
      total: counts,
      unknownPaths: unknown,
      days: new Map(days.sort(([one], [other]) => (one < other ? -1 : 1))),
      countedAt: timeOf(countedAt),
      takenAt: timeOf(times.takenAt),
      refusedAt: timeOf(times.refusedAt),
      deliveredAt: timeOf(times.deliveredAt),
      heldAt: timeOf(times.heldAt),
      lateAt: timeOf(times.lateAt),
      oldPutBackAt: timeOf(times.oldPutBackAt),
    };
  }

  /**
   * The rows of counts. While the relay replaces an old day's rows by their sum (`foldCounts`), the pages of a long table may contain both.
   * If an old day has several rows, read the table again until two reads agree.
   */
  async #settledRows(): Promise<JsonObject[]> {
    const read = () => this.#tables.all(countsTable, startTimeLimit());
    let rows = await read();
    for (let again = 0; again < mostReads && mayBeFolding(rows); again += 1) {
      const former = sumOfRows(rows);
      rows = await read();
      if (isDeepStrictEqual(sumOfRows(rows).counts, former.counts)) break;
    }
    return rows;
  }

  /** Milliseconds since an instance of the relay sent something to Platform; undefined if none did recently. */
  async readSentAgo(): Promise<number | undefined> {
    const rows = await this.#call(dataRoles.tableReader, () =>
      this.#tables.ages(forwardersTable, forwardersPartition, startTimeLimit()).catch((error: unknown) => {
        // The first instance that sends creates the table.
        if (error instanceof TableError && error.status === 404) return [];
        throw error;
      }),
    );
    return rows.length === 0 ? undefined : Math.min(...rows.map(({ age }) => age));
  }

  /**
   * Records in the counts how many events a command has deleted or moved, so that the balance still adds up. The first
   * write happens at once, so that a missing role is reported before anything is done.
   *
   * @returns writes the number so far, and replaces the previous one
   */
  async openNote(count: OperatorCount): Promise<(events: number) => Promise<void>> {
    const key = { partition: utcDateOf(new Date()), row: `${count}-${randomUUID()}` };
    const write = (events: number) =>
      this.#call(dataRoles.tableContributor, () =>
        createTableFor(this.#tables, countsTable, startTimeLimit(), () =>
          this.#tables.put(countsTable, key, startTimeLimit(), { [count]: events }),
        ),
      );
    await write(0);
    return write;
  }

  /**
   * Whether Platform has accepted an event with this id.
   *
   * @param createdAt see `readCreationTime`
   * @returns undefined if the relay remembers no deliveries (`duplicateWindowDays` is 0, or there was none yet)
   */
  async wasDelivered(event: {
    readonly id: string;
    readonly createdAt: number | undefined;
  }): Promise<boolean | undefined> {
    return this.#call(dataRoles.tableReader, async () => {
      const signal = startTimeLimit();
      const tables = (await this.#tables.list(signal)).filter(isDeliveredTable);
      if (tables.length === 0) return undefined;
      const keys = deliveredKeysOf(event);
      const found = await Promise.all(tables.map((table) => this.#tables.hasAny(table, keys, signal)));
      return found.includes(true);
    });
  }

  /**
   * Reads the notes of delivered events, page by page, several at a time.
   *
   * @param createdFrom when the first of the events was created, in milliseconds since 1970; events without a known time are read, too
   */
  async eachDeliveryNote(
    createdFrom: number,
    signal: AbortSignal,
    work: (notes: readonly StoredEntity[]) => Promise<void>,
  ): Promise<void> {
    const tables = await this.#call(dataRoles.tableReader, () => this.#tables.list(startTimeLimit()));
    const places = tables
      .filter(isDeliveredTable)
      .flatMap((table) => partitionsSince(createdFrom).map((range) => ({ table, range })));
    await processEach(places, signal, async ({ table, range }) => {
      for (let position: Position | undefined = {}; position !== undefined; ) {
        signal.throwIfAborted();
        const from: Position = position;
        const page = await this.#call(dataRoles.tableReader, () =>
          this.#tables.entities(table, { ...range, position: from }, startTimeLimit()),
        );
        await work(page.entities);
        position = page.next;
      }
    });
  }
}

/** A busy service (503), or a connection that failed: the same call may work a moment later. */
function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status >= 500;
  // The system's errors have a text as their code; that of a time limit has a number.
  const { code } = error as { code?: unknown };
  return typeof code === "string" && code !== "ABORT_ERR";
}

function mayBeFolding(rows: readonly JsonObject[]): boolean {
  const recent = daysBefore(new Date(), foldedAfterDays);
  const old = rows.filter(({ PartitionKey: day }) => String(day) < recent);
  return new Set(old.map(({ PartitionKey: day }) => day)).size < old.length;
}
