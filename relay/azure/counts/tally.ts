import { randomUUID } from "node:crypto";
import {
  addCounts,
  arrivalOf,
  type Counts,
  dayOf,
  daysBefore,
  foldedAfterDays,
  noCounts,
} from "../../core/counts/counts.ts";
import { addPathCounts, type PathCounts, pathCountsProperty } from "../../core/counts/path-counts.ts";
import type { LineValues } from "../../core/delivery/outcomes.ts";
import { countsTable } from "../../core/names.ts";
import { createTableFor, type Tables } from "../storage/tables.ts";

/** Milliseconds: after a quiet time the first counts are written soon, and then at most four times a minute. */
const times = { soon: 1_000, between: 15_000, call: 2_000 };

export interface TallyPorts {
  readonly tables: Pick<Tables, "create" | "put">;
  readonly clock: () => Date;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Calls back after so many milliseconds; must not keep the process alive. */
  readonly schedule: (callBack: () => void, milliseconds: number) => void;
  /** Is called once a day, after counts were written. It must not throw. */
  readonly daily?: () => Promise<void>;
}

interface Day {
  readonly counts: Counts;
  readonly arrivals: Record<string, number>;
  readonly unknown: PathCounts;
  dirty: boolean;
}

/**
 * Keeps the counts of this instance of the relay in the table `counts`, in one row for each day, which is overwritten with the day's
 * sums, when calls were taken and refused last (see `arrivalOf`), and how many events had which attributes that the catalogue lacks. So
 * writing twice counts nothing twice, instances don't wait for each other, and the sum of all rows is the whole.
 *
 * Events never wait for it: what can't be written is written with the next counts. A process that is killed takes the counts of its
 * last 15 seconds with it, and nothing else; one that is ended in order writes them first. An instance that is busy all month writes
 * 170,000 times, for less than a cent.
 */
export class Tally {
  readonly #ports: TallyPorts;
  readonly #me = randomUUID();
  /** By day; a day that is over goes once it is written. */
  readonly #days = new Map<string, Day>();
  #scheduled = false;
  /** For which day `daily` was called. */
  #calledFor = "";
  #writtenAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: TallyPorts) {
    this.#ports = ports;
  }

  /** @param outcome a line of the log, or what it counts */
  add(outcome: LineValues): void {
    const today = dayOf(this.#ports.clock());
    const day: Day = this.#days.get(today) ?? { counts: noCounts(), arrivals: {}, unknown: new Map(), dirty: false };
    this.#days.set(today, day);
    addCounts(day.counts, outcome);
    addPathCounts(day.unknown, outcome.unknown);
    const arrival = arrivalOf(outcome);
    if (arrival) day.arrivals[arrival] = Math.floor(this.#ports.clock().getTime() / 1000);
    day.dirty = true;
    this.#writeLater();
  }

  /** Writes what is not written yet, after what is under way: an older sum must not come last. It doesn't throw. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { tables, clock, monotonic, daily } = this.#ports;
    this.#writtenAt = monotonic();
    let isWritten = false;
    // What could not be written for so long is given up: its row, of an earlier write, may be in a sum, and would be counted twice.
    const oldest = daysBefore(clock(), foldedAfterDays - 1);
    for (const [date, day] of [...this.#days]) {
      if (date < oldest) this.#days.delete(date);
      if (!day.dirty || date < oldest) continue;
      day.dirty = false;
      const signal = AbortSignal.timeout(times.call);
      const key = { partition: date, row: this.#me };
      try {
        await createTableFor(tables, countsTable, signal, () =>
          tables.put(countsTable, key, signal, { ...day.counts, ...day.arrivals, ...pathCountsProperty(day.unknown) }),
        );
        isWritten = true;
      } catch {
        day.dirty = true;
      }
    }
    const today = dayOf(clock());
    if (isWritten && this.#calledFor !== today) {
      this.#calledFor = today;
      void daily?.();
    }
    for (const [date, { dirty }] of [...this.#days]) if (!dirty && date !== today) this.#days.delete(date);
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
