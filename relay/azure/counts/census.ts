import { randomUUID } from "node:crypto";
import { forwardersPartition, forwardersTable } from "../../core/names.ts";
import { type AgedRow, createTableFor, type Tables } from "../storage/tables.ts";

/** Milliseconds. An instance that sends says so every 15 seconds, and counts for three times as long. */
const times = { beat: 15_000, alive: 45_000, forgotten: 60 * 60 * 1000, call: 2_000 };

/** As long as nothing is known: as many as Flex Consumption may always make (its smallest `maximumInstanceCount`). */
const unknownInstances = 40;

export interface CensusPorts {
  /** The most instances that the rate can feed; those beyond leave it to the others. */
  readonly most: number;
  /** Digest of the settings that this instance sends with. */
  readonly configuration?: string | undefined;
  readonly tables: Pick<Tables, "create" | "put" | "ages" | "remove">;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/**
 * Counts the instances of the relay that send to Platform, which share nothing but the storage account: each writes a row of the table
 * `forwarders` while it sends, and counts the rows that are fresh. So the rate limit holds over all of them, except for the seconds in
 * which a new one is not counted yet by the others; and one alone has the whole. Instances that would get less than their part of a
 * rate too low for all of them send nothing, until one of the others has nothing to send for 45 seconds.
 *
 * A row also tells the settings that its instance sends with, so that `/health` can say whether old ones are still in use.
 *
 * If the table can't be used the last count goes on, and before the first one there may be 40 instances.
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
   * How many instances share the rate now, this one included; `Infinity` if it is one too many. Only the first call waits for the
   * storage.
   */
  async instances(): Promise<number> {
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

/** What the forwarders' rows tell. */
export interface ForwarderCensus {
  /** How many instances send now, by the digest of the settings that they send with; "" is one too old to tell. */
  readonly configurations: Readonly<Record<string, number>>;
  /** Whether any has ever sent: the last row stays. */
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
