import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** The clock of storage and relay, which can be moved on while they run. */
export class SharedClock {
  /** What a process's environment needs to live by this clock. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;
  #shift = 0;

  constructor(folder: string) {
    this.#file = path.join(folder, "clock");
    const module = pathToFileURL(path.join(import.meta.dirname, "clock-shift.ts")).href;
    this.environment = { NODE_OPTIONS: `--import=${module}`, CLOCK_FILE: this.#file };
    this.#write();
  }

  /** Lets the time pass at once: what storage hides for shorter than this becomes visible, and pauses of the relay end. */
  async pass(milliseconds: number): Promise<void> {
    this.#shift += milliseconds;
    this.#write();
    await sleep(100);
  }

  now(): Date {
    return new Date(Date.now() + this.#shift);
  }

  #write(): void {
    // In one step: half a number would send the clocks back by days.
    writeFileSync(`${this.#file}.new`, String(this.#shift));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
