import { randomUUID } from "node:crypto";
import { forwardersPartition, forwardersTable } from "../../core/names.ts";
import { type AgedRow, createTableFor, type Tables } from "../storage/tables.ts";

/** Milliseconds. A sending instance writes its row every 15 seconds, and is counted for three times as long. */
const times = { beat: 15_000, alive: 45_000, forgotten: 60 * 60 * 1000, call: 2_000 };

/**
 * The count while nothing is known: the number of instances that Flex Consumption always allows (its smallest
 * `maximumInstanceCount`).
 */
const unknownInstances = 40;

export interface CensusPorts {
  /** The number of instances for which the rate is enough; any others send nothing. */
  readonly most: number;
  /** Digest of the settings with which this instance sends. */
  readonly configuration?: string | undefined;
  readonly tables: Pick<Tables, "create" | "put" | "ages" | "remove">;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
}

/**
 * Counts the instances of the relay that send to Platform. They share only the storage account: each writes a row of
 * the table `forwarders` while it sends, and counts the fresh rows. So the rate limit applies to all of them together,
 * except for the seconds before the others count a new one. A single instance has the whole rate. If the rate is too
 * low for all instances, the surplus ones send nothing until another one has been idle for 45 seconds.
 *
 * A row also names the settings of its instance, so that `/health` can report whether old ones are still in use.
 *
 * If the table can't be used, the last count stays in use. Before the first count, an instance assumes 40.
 */
export class Census {
  readonly #ports: CensusPorts;
  readonly #me = randomUUID();
  #count: number | undefined;
  #isBeyond = false;
  #beatAt = Number.NEGATIVE_INFINITY;
  #beat: Promise<void> | undefined;

  constructor(ports: CensusPorts) {
    this.#ports = ports;
  }

  /**
   * How many instances share the rate now, including this one; `Infinity` if this one is surplus. Only the first call
   * waits for the storage.
   */
  async countInstances(): Promise<number> {
    if (this.#ports.monotonic() - this.#beatAt >= times.beat) {
      this.#beatAt = this.#ports.monotonic();
      this.#beat = this.#countAgain().catch(() => undefined);
    }
    if (this.#count === undefined) await this.#beat;
    return this.#isBeyond ? Number.POSITIVE_INFINITY : (this.#count ?? unknownInstances);
  }

  async #countAgain(): Promise<void> {
    const { tables, configuration = "" } = this.#ports;
    const signal = AbortSignal.timeout(times.call);
    const me = { partition: forwardersPartition, row: this.#me };
    await createTableFor(tables, forwardersTable, signal, () =>
      tables.put(forwardersTable, me, signal, { configuration }),
    );
    const rows = await tables.ages(forwardersTable, forwardersPartition, signal);
    const alive = rows.filter(isAlive).map(({ row }) => row);
    this.#count = Math.min(this.#ports.most, Math.max(1, alive.length));
    this.#isBeyond = alive.sort().indexOf(this.#me) >= this.#ports.most;
    for (const { row, age } of rows) {
      if (age > times.forgotten) await tables.remove(forwardersTable, { partition: forwardersPartition, row }, signal);
    }
  }
}

/** What the forwarders' rows say. */
export interface ForwarderCensus {
  /** How many instances send now, by the digest of their settings; "" if their version does not report it. */
  readonly configurations: Readonly<Record<string, number>>;
  /** Whether any instance has ever sent: the last row is never deleted. */
  readonly haveSent: boolean;
}

export async function countForwarders(tables: Pick<Tables, "ages">, signal: AbortSignal): Promise<ForwarderCensus> {
  const configurations: Record<string, number> = {};
  const rows = await tables.ages(forwardersTable, forwardersPartition, signal);
  for (const { properties } of rows.filter(isAlive)) {
    const configuration = typeof properties.configuration === "string" ? properties.configuration : "";
    configurations[configuration] = (configurations[configuration] ?? 0) + 1;
  }
  return { configurations, haveSent: rows.length > 0 };
}

function isAlive({ age }: AgedRow): boolean {
  return age < times.alive;
}
