import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** The clock of storage and relay, which can be advanced while they run. */
export class SharedClock {
  /** The environment of a process that uses this clock. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;
  #shift = 0;

  constructor(folder: string) {
    this.#file = path.join(folder, "clock");
    const module = pathToFileURL(path.join(import.meta.dirname, "clock-shift.ts")).href;
    this.environment = { NODE_OPTIONS: `--import=${module}`, CLOCK_FILE: this.#file };
    this.#write();
  }

  /** Advances the clock: messages that are hidden for less than this time become visible, and the relay's pauses end. */
  async pass(milliseconds: number): Promise<void> {
    this.#shift += milliseconds;
    this.#write();
    await sleep(100);
  }

  now(): Date {
    return new Date(Date.now() + this.#shift);
  }

  #write(): void {
    // In one step: a partly written number would move the clocks back by days.
    writeFileSync(`${this.#file}.new`, String(this.#shift));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
