import { Console } from "node:console";
import { Writable } from "node:stream";

/** The worker's names of log levels, lowest first. */
const levels = ["trace", "debug", "information", "warning", "error", "critical", "none"] as const;
export type HostLogLevel = (typeof levels)[number];

/** Category prefix → lowest level that is written, from host.json's `logging.logLevel`. */
export type LogFilter = Readonly<Record<string, HostLogLevel>>;

export interface LogDetails {
  readonly function?: string;
  readonly invocationId?: string;
}

/** The host's log: one JSON object per line, with the categories and messages of the Functions host. */
export class HostLog {
  #filter: LogFilter = {};
  /** Index in `levels` of the lowest level that is written, for each category seen so far. */
  readonly #least = new Map<string, number>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  filterBy(filter: LogFilter): void {
    this.#filter = filter;
    this.#least.clear();
  }

  write(level: HostLogLevel, category: string, message: string, details: LogDetails = {}): void {
    const least = this.#least.get(category) ?? levels.indexOf(this.#leastLevel(category));
    this.#least.set(category, least);
    if (levels.indexOf(level) < least) return;
    this.#write(JSON.stringify({ timestamp: new Date().toISOString(), level, category, ...details, message }));
  }

  /** A console for the app whose output becomes log lines, as the host does with its worker's output. */
  console(): Console {
    const lines = (level: HostLogLevel) =>
      new Writable({
        decodeStrings: false,
        write: (chunk: string, _encoding, done) => {
          this.write(level, "Host.Function.Console", String(chunk).replace(/\n$/, ""));
          done();
        },
      });
    return new Console(lines("information"), lines("error"));
  }

  #leastLevel(category: string): HostLogLevel {
    const fits = Object.keys(this.#filter).filter((prefix) => category === prefix || category.startsWith(`${prefix}.`));
    const closest = fits.sort((left, right) => right.length - left.length)[0];
    return this.#filter[closest ?? "default"] ?? "information";
  }
}

export function isLogLevel(text: unknown): text is HostLogLevel {
  return levels.some((level) => level === text);
}
