import { fitLine } from "./progress-line.ts";

const width = 30;
/** Milliseconds between two drawings. */
const pace = 100;

/** A progress bar that redraws itself on a terminal; without a terminal it shows nothing. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream | undefined;
  readonly #total: number;
  readonly #started = Date.now();
  #drawnAt = 0;

  constructor(total: number, stream: NodeJS.WriteStream | undefined = process.stderr) {
    this.#total = total;
    this.#stream = stream;
  }

  show(done: number, words: string): void {
    const now = Date.now();
    if (!this.#stream?.isTTY || (now - this.#drawnAt < pace && done < this.#total)) return;
    this.#drawnAt = now;
    const filled = Math.round((width * done) / Math.max(1, this.#total));
    const left =
      done === 0 ? "" : `, ${Math.ceil((((now - this.#started) / done) * (this.#total - done)) / 1000)} s left`;
    const line = `[${"#".repeat(filled).padEnd(width, ".")}] ${done} of ${this.#total}, ${words}${left}`;
    this.#stream.write(`\r\x1b[K${fitLine(line, this.#stream.columns)}`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream?.isTTY) this.#stream.write("\r\x1b[K");
  }
}
