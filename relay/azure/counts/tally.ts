import { randomUUID } from "node:crypto";
import { addCounts, type Counts, daysBefore, foldedAfterDays, noCounts, timesOf } from "../../core/counts/counts.ts";
import { addPathCounts, type PathCounts, pathCountsProperty } from "../../core/counts/path-counts.ts";
import type { LineValues } from "../../core/delivery/outcomes.ts";
import { countsTable } from "../../core/names.ts";
import { utcDateOf } from "../../core/zoned-time.ts";
import { createTableFor, type Tables } from "../storage/tables.ts";

/** Milliseconds: the first counts after a quiet time are written soon, later ones at most four times a minute. */
const times = { soon: 1_000, between: 15_000, call: 2_000 };

export interface TallyPorts {
  readonly tables: Pick<Tables, "create" | "put">;
  readonly clock: () => Date;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  /** Calls back after this many milliseconds, without keeping the process alive. */
  readonly schedule: (callBack: () => void, milliseconds: number) => void;
  /** Called once a day, after counts were written. It must not throw. */
  readonly daily?: () => Promise<void>;
}

interface Day {
  readonly counts: Counts;
  readonly times: Record<string, number>;
  readonly unknown: PathCounts;
  dirty: boolean;
}

/**
 * Keeps the counts of this instance in the table `counts`, in one row per day. Each write replaces the row with the
 * day's sums, the times of `timesOf`, and the number of events for each attribute that the catalogue lacks. So a
 * repeated write counts nothing twice, instances don't wait for each other, and the sum of all rows is the total.
 *
 * Events never wait for this: what can't be written now is written with the next counts. A killed process loses the
 * counts of its last 15 seconds and nothing else; one that shuts down writes them first. An instance that is busy all
 * month writes 170,000 times, for less than a cent.
 */
export class Tally {
  readonly #ports: TallyPorts;
  readonly #me = randomUUID();
  /** By day. A past day stays for a week: if the clock goes back a little after midnight, its row must not start from zero. */
  readonly #days = new Map<string, Day>();
  #scheduled = false;
  /** The last day for which `daily` was called. */
  #calledFor = "";
  #writtenAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: TallyPorts) {
    this.#ports = ports;
  }

  /** @param outcome a line of the log, or what it counts */
  add(outcome: LineValues): void {
    const today = utcDateOf(this.#ports.clock());
    const day: Day = this.#days.get(today) ?? { counts: noCounts(), times: {}, unknown: new Map(), dirty: false };
    this.#days.set(today, day);
    addCounts(day.counts, outcome);
    addPathCounts(day.unknown, outcome.unknown);
    for (const name of timesOf(outcome)) day.times[name] = Math.floor(this.#ports.clock().getTime() / 1000);
    day.dirty = true;
    this.#writeLater();
  }

  /**
   * Writes what is not written yet, after any write in progress, so that an older sum never overwrites a newer one.
   * Never throws.
   */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { tables, clock, monotonic, daily } = this.#ports;
    this.#writtenAt = monotonic();
    let isWritten = false;
    // Give up counts that could not be written for so long: a sum may already include this row's earlier state, and they
    // would be counted twice.
    const oldest = daysBefore(clock(), foldedAfterDays - 1);
    for (const [date, day] of Array.from(this.#days)) {
      if (date < oldest) this.#days.delete(date);
      if (!day.dirty || date < oldest) continue;
      day.dirty = false;
      const signal = AbortSignal.timeout(times.call);
      const key = { partition: date, row: this.#me };
      try {
        await createTableFor(tables, countsTable, signal, () =>
          tables.put(countsTable, key, signal, { ...day.counts, ...day.times, ...pathCountsProperty(day.unknown) }),
        );
        isWritten = true;
      } catch {
        day.dirty = true;
        // There may be no further outcome for hours.
        this.#writeLater();
      }
    }
    const today = utcDateOf(clock());
    if (isWritten && this.#calledFor !== today) {
      this.#calledFor = today;
      void daily?.();
    }
  }

  #writeLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { schedule, monotonic } = this.#ports;
    const wait = Math.max(times.soon, this.#writtenAt + times.between - monotonic());
    schedule(() => {
      this.#scheduled = false;
      void this.flush();
    }, wait);
  }
}
