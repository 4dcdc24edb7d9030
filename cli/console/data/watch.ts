import { setTimeout as sleep } from "node:timers/promises";
import { platformOf } from "../../clients.ts";
import { describeFinding } from "../../output/finding.ts";
import { countRowsWritten } from "../../platform/dataset.ts";
import { type CheckedPart, checkAll } from "../../status/check-all.ts";
import { describeFlow } from "./flow.ts";
import type { LiveSource } from "./live-source.ts";
import { type RelayReading, readRelay } from "./reading.ts";

const day = 24 * 60 * 60 * 1000;
/** At a reading every 15 seconds: six hours. */
const mostReadings = 1440;

/** Milliseconds between two readings of the relay, and between two checks of all parts. */
export interface WatchPace {
  readonly reading: number;
  readonly checks: number;
}

/** Each reading makes five calls to Azure; each check about twenty to all three vendors, and reads the newest dead letters: 50 at most. */
export const usualPace: WatchPace = { reading: 15_000, checks: 60_000 };
/** For the local cloud, which costs nothing. */
export const localPace: WatchPace = { reading: 2_000, checks: 10_000 };

/** Reads the source periodically while the console runs, and keeps the readings for the plots. */
export class Watch {
  readonly #live: LiveSource;
  readonly #readings: RelayReading[] = [];
  #parts: readonly CheckedPart[] = [];
  #checkedAt: number | undefined;
  #rows: number | undefined;
  #checking: Promise<void> | undefined;

  constructor(live: LiveSource) {
    this.#live = live;
  }

  /** Reads and checks until the signal. Never throws. */
  async run(pace: WatchPace, signal: AbortSignal): Promise<void> {
    const repeat = async (work: () => Promise<void>, pause: number) => {
      while (!signal.aborted) {
        await work();
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    };
    await Promise.all([
      repeat(() => this.check(), pace.checks),
      this.#live.current.hasRelay ? repeat(() => this.#read(), pace.reading) : undefined,
    ]);
  }

  /** Reads the stack again, and checks all parts, as `customerio-aep status` does. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(): Promise<void> {
    await this.#live.refresh();
    const source = this.#live.current;
    const since = new Date(Math.floor(Date.now() / day) * day - 6 * day);
    const [parts, rows] = await Promise.all([
      checkAll(source),
      // The check of the dataset reports what is wrong with it.
      (async () => countRowsWritten(platformOf(source), source.datasetId, since))().catch(() => undefined),
    ]);
    this.#parts = parts;
    this.#rows = rows;
    this.#checkedAt = Date.now();
  }

  async #read(): Promise<void> {
    this.#readings.push(await readRelay(this.#live.current));
    if (this.#readings.length > mostReadings) this.#readings.shift();
  }

  /** @param since the plots get only what was read after this time */
  describe(since: number) {
    const { hasRelay } = this.#live.current;
    return {
      now: Date.now(),
      checkedAt: this.#checkedAt,
      revision: this.#live.revision,
      findings: this.#parts.map(({ part, finding }) => describeFinding(part, finding)),
      stages: describeFlow(this.#readings, this.#parts, { rows: this.#rows, hasRelay }),
      problems: this.#readings.at(-1)?.problems ?? [],
      samples: this.#readings.filter(({ at }) => at > since).map(describeReading),
    };
  }
}

function describeReading({ at, total, messages, oldest, deadLetters }: RelayReading) {
  return { at, accepted: total?.accepted, delivered: total?.delivered, messages, oldest, deadLetters };
}
