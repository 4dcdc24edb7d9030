import type { ProgressLine } from "./progress-line.ts";

const width = 30;
/** Milliseconds between two drawings. */
const pace = 100;

/** A progress bar that redraws itself on a terminal; without a terminal it shows nothing. */
export class ProgressBar {
  readonly #line: ProgressLine;
  readonly #total: number;
  readonly #started = Date.now();
  #drawnAt = 0;

  constructor(total: number, line: ProgressLine) {
    this.#total = total;
    this.#line = line;
  }

  show(done: number, words: string): void {
    const now = Date.now();
    if (now - this.#drawnAt < pace && done < this.#total) return;
    this.#drawnAt = now;
    const filled = Math.round((width * done) / Math.max(1, this.#total));
    const left =
      done === 0 ? "" : `, ${Math.ceil((((now - this.#started) / done) * (this.#total - done)) / 1000)} s left`;
    this.#line.show(`[${"#".repeat(filled).padEnd(width, ".")}] ${done} of ${this.#total}, ${words}${left}`);
  }

  /** Clears the line. */
  end(): void {
    this.#line.end();
  }
}
