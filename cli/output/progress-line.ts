import { terminalText } from "./terminal-text.ts";

/** A line that rewrites itself on a terminal; without a terminal it shows nothing. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream | undefined;

  constructor(stream: NodeJS.WriteStream | undefined) {
    this.#stream = stream;
  }

  show(words: string): void {
    if (!this.#stream?.isTTY) return;
    this.#stream.write(`\r\x1b[K${fitLine(terminalText(words), this.#stream.columns)}`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream?.isTTY) this.#stream.write("\r\x1b[K");
  }
}

/** As much of a line as the terminal has room for: it could not overwrite one that wraps. @param columns undefined or 0: unknown */
function fitLine(words: string, columns: number | undefined): string {
  return words.slice(0, (columns || 80) - 1);
}
