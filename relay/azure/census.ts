import { randomUUID } from "node:crypto";
import { forwardersPartition, forwardersTable } from "../core/names.ts";
import { makingTable, type Tables } from "./tables.ts";

/** Milliseconds. An instance that sends says so every 15 seconds, and counts for three times as long. */
const times = { beat: 15_000, alive: 45_000, forgotten: 60 * 60 * 1000, call: 2_000 };

/** As long as nothing is known: as many as Flex Consumption may always make (its smallest `maximumInstanceCount`). */
const unknownInstances = 40;

const partition = forwardersPartition;

export interface CensusPorts {
  readonly tables: Pick<Tables, "create" | "put" | "ages" | "remove">;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/**
 * Counts the instances of the relay that send to Platform, which share nothing but the storage account: each writes a row of the table
 * `forwarders` while it sends, and counts the rows that are fresh. So the rate limit holds over all of them, but for the seconds in
 * which a new one is not counted yet by the others; and one alone has the whole.
 *
 * If the table can't be used the last count goes on, and before the first one there may be 40 instances.
 */
export class Census {
  readonly #ports: CensusPorts;
  readonly #me = randomUUID();
  #count: number | undefined;
  #beatAt = Number.NEGATIVE_INFINITY;
  #beat: Promise<void> | undefined;

  constructor(ports: CensusPorts) {
    this.#ports = ports;
  }

  /** How many instances send now, this one included. Only the first call waits for the storage. */
  async instances(): Promise<number> {
    if (this.#ports.monotonic() - this.#beatAt >= times.beat) {
      this.#beatAt = this.#ports.monotonic();
      this.#beat = this.#countAgain().catch(() => undefined);
    }
    if (this.#count === undefined) await this.#beat;
    return this.#count ?? unknownInstances;
  }

  async #countAgain(): Promise<void> {
    const { tables } = this.#ports;
    const signal = AbortSignal.timeout(times.call);
    const me = { partition, row: this.#me };
    await makingTable(tables, forwardersTable, signal, () => tables.put(forwardersTable, me, signal));
    const rows = await tables.ages(forwardersTable, partition, signal);
    this.#count = Math.max(1, rows.filter(({ age }) => age < times.alive).length);
    for (const { row, age } of rows) {
      if (age > times.forgotten) await tables.remove(forwardersTable, { partition, row }, signal);
    }
  }
}
