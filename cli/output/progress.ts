import { formatDuration } from "./duration.ts";
import { ProgressBar } from "./progress-bar.ts";
import { ProgressLine } from "./progress-line.ts";

/** Milliseconds until a wait is shown, and between its updates. */
const pace = 1000;

/** Shows the progress of long work, on a terminal only. */
export class Progress {
  readonly #stream: NodeJS.WriteStream | undefined;

  /** @param stream undefined: nothing is shown, for example with `--json` or on a terminal that can't overwrite a line */
  constructor(stream: NodeJS.WriteStream | undefined) {
    this.#stream = stream?.isTTY && process.env.TERM !== "dumb" ? stream : undefined;
  }

  line(): ProgressLine {
    return new ProgressLine(this.#stream);
  }

  bar(total: number): ProgressBar {
    return new ProgressBar(total, this.line());
  }

  /** Shows what the command waits for, once that takes more than a second. */
  async showWhile<T>(words: string | (() => string), work: Promise<T>): Promise<T> {
    const line = this.line();
    const started = performance.now();
    const show = () => {
      const what = typeof words === "string" ? words : words();
      line.show(`  ${what}, ${formatDuration(performance.now() - started)}`);
    };
    const timer = setInterval(show, pace);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      line.end();
    }
  }
}
