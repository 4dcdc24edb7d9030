import { z } from "zod";
import { makingTable, TableError, Tables } from "../relay/azure/tables.ts";
import { addCounts, type Counts, dayOf, noCounts } from "../relay/core/counts.ts";
import { deliveredKeysOf, isDeliveredTable } from "../relay/core/delivered-tables.ts";
import { countsTable, forwardersPartition, forwardersTable } from "../relay/core/names.ts";
import { addWrittenPathCounts, type PathCounts } from "../relay/core/path-counts.ts";
import { patience } from "./clients.ts";
import type { StackSource } from "./stack/source.ts";
import { StoragePermission } from "./storage-permission.ts";

const reader = "Storage Table Data Reader";
const writer = "Storage Table Data Contributor";
const unixSeconds = z.number().optional().catch(undefined);
const row = z.looseObject({
  ...{ PartitionKey: z.string(), Timestamp: z.string() },
  ...{ takenAt: unixSeconds, refusedAt: unixSeconds },
});

/** What the instances of the relay have counted. */
export interface RelayCounts {
  /** Of all days together. */
  readonly total: Counts;
  /** By UTC date, the oldest first. */
  readonly days: ReadonlyMap<string, Counts>;
  /** When anything was counted last. */
  readonly countedAt: Date | undefined;
  /** When a call of Customer.io's was taken last; test events of `customerio-aep verify` don't count. */
  readonly takenAt: Date | undefined;
  /** When a call was refused last, from any caller. */
  readonly refusedAt: Date | undefined;
  /** How many events had each attribute that the catalogue lacks, of all days together. */
  readonly unknownPaths: ReadonlyMap<string, number>;
}

/** The tables of a relay's storage account, opened with the caller's own Azure login. */
export class RelayTables {
  readonly #permission: StoragePermission;
  readonly #tables: Tables;

  private constructor(permission: StoragePermission) {
    this.#permission = permission;
    const { endpoints, credential } = permission;
    this.#tables = new Tables(async () => ({
      ...{ queueServiceUri: endpoints.queue, blobServiceUri: endpoints.blob, tableServiceUri: endpoints.table },
      credential,
    }));
  }

  static async open(source: StackSource): Promise<RelayTables> {
    return new RelayTables(await StoragePermission.of(source));
  }

  /** All that was counted so far; instances write theirs some seconds later. */
  async counts(): Promise<RelayCounts> {
    const rows = await this.#permission.explained(reader, () => this.#tables.all(countsTable, patience()));
    const total = noCounts();
    const days = new Map<string, Counts>();
    const unknownPaths: PathCounts = new Map();
    let countedAt = 0;
    let takenAt = 0;
    let refusedAt = 0;
    for (const found of rows) {
      const { PartitionKey: date, Timestamp: writtenAt, ...arrivals } = row.parse(found);
      const day = days.get(date) ?? noCounts();
      days.set(date, day);
      addCounts(day, found);
      addCounts(total, found);
      addWrittenPathCounts(unknownPaths, found);
      countedAt = Math.max(countedAt, Date.parse(writtenAt));
      takenAt = Math.max(takenAt, (arrivals.takenAt ?? 0) * 1000);
      refusedAt = Math.max(refusedAt, (arrivals.refusedAt ?? 0) * 1000);
    }
    const sorted = new Map([...days].sort(([one], [other]) => (one < other ? -1 : 1)));
    const timeOf = (milliseconds: number) => (milliseconds > 0 ? new Date(milliseconds) : undefined);
    return {
      ...{ total, days: sorted, unknownPaths },
      ...{ countedAt: timeOf(countedAt), takenAt: timeOf(takenAt), refusedAt: timeOf(refusedAt) },
    };
  }

  /** Milliseconds since an instance of the relay sent something to Platform; undefined if none did lately. */
  async sentAgo(): Promise<number | undefined> {
    const rows = await this.#permission.explained(reader, () =>
      this.#tables.ages(forwardersTable, forwardersPartition, patience()).catch((error: unknown) => {
        // The first instance that sends makes the table.
        if (error instanceof TableError && error.status === 404) return [];
        throw error;
      }),
    );
    return rows.length === 0 ? undefined : Math.min(...rows.map(({ age }) => age));
  }

  /**
   * Notes how many dead letters a purge has deleted so far, so that the balance still adds up.
   *
   * @param purge unique for the purge; a later note takes the place of an earlier one
   */
  async notePurged(purge: { id: string; at: Date }, purged: number): Promise<void> {
    const key = { partition: dayOf(purge.at), row: `purge-${purge.id}` };
    await this.#permission.explained(writer, () =>
      makingTable(this.#tables, countsTable, patience(), () =>
        this.#tables.put(countsTable, key, patience(), { purged }),
      ),
    );
  }

  /**
   * Whether Platform has taken an event of that id.
   *
   * @returns undefined where the relay remembers no deliveries (`duplicateWindowDays` is 0, or none was made yet)
   */
  async wasDelivered(eventId: string): Promise<boolean | undefined> {
    return this.#permission.explained(reader, async () => {
      const signal = patience();
      const tables = (await this.#tables.list(signal)).filter(isDeliveredTable);
      if (tables.length === 0) return undefined;
      const keys = deliveredKeysOf(eventId);
      const found = await Promise.all(tables.map((table) => this.#tables.hasAny(table, keys, signal)));
      return found.includes(true);
    });
  }
}
