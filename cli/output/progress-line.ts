/** A line that rewrites itself on a terminal; without a terminal it shows nothing. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream | undefined;

  constructor(stream: NodeJS.WriteStream | undefined = process.stderr) {
    this.#stream = stream;
  }

  show(words: string): void {
    if (!this.#stream?.isTTY) return;
    this.#stream.write(`\r\x1b[K${words.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream?.isTTY) this.#stream.write("\r\x1b[K");
  }
}
