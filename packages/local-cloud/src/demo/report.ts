/** Prints the demo's steps, one per line, with the time that each took. */
export class DemoReport {
  readonly #started = Date.now();

  /** Runs one step and prints how it ended; `summary` may add to the line. */
  async step<T>(title: string, work: () => Promise<T>, summary: (result: T) => string = () => ""): Promise<T> {
    const start = Date.now();
    try {
      const result = await work();
      const added = summary(result);
      this.line(`✔ ${title}${added && `: ${added}`}`, Date.now() - start);
      return result;
    } catch (error) {
      this.line(`✘ ${title}`, Date.now() - start);
      throw error;
    }
  }

  line(text: string, milliseconds?: number): void {
    const time = milliseconds === undefined ? "" : `${(milliseconds / 1000).toFixed(1)} s`;
    process.stdout.write(`${time.padStart(8)}  ${text}\n`);
  }

  /** Shows progress during a step. */
  progress(text: string): void {
    this.line(`… ${text}`);
  }

  end(text: string): void {
    process.stdout.write(`\n${text} (${((Date.now() - this.#started) / 1000).toFixed(0)} s)\n`);
  }
}
