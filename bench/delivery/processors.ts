import { readFile } from "node:fs/promises";
import { readProcess, ticks } from "../processor-time.ts";

interface Sample {
  readonly at: number;
  /** Busy seconds of all processors together. */
  readonly busy: number;
  /** Seconds of each process. */
  readonly own: readonly number[];
}

/** Measures the processor time of a benchmark's parts, and of everything else meanwhile. Linux only. */
export class Processors {
  readonly #processes: Readonly<Record<string, number>>;
  readonly #begin: Promise<Sample | undefined>;

  /** @param processes name and id of each process of the benchmark */
  constructor(processes: Readonly<Record<string, number>>) {
    this.#processes = processes;
    this.#begin = this.#sample();
  }

  /** Average number of processors that each process used since the start, and that everything else used. */
  async used(): Promise<string> {
    const spent = await this.#spent();
    if (spent === undefined) return "unknown";
    const { length, own, others } = spent;
    const names = Object.keys(this.#processes);
    const parts = own.map((seconds, at) => `${names[at]} ${(seconds / length).toFixed(2)}`);
    return [...parts, `others ${Math.max(0, others / length).toFixed(2)}`].join(", ");
  }

  /** Seconds of processor time that each process used since the start; undefined where the system does not say. */
  async seconds(): Promise<Record<string, number> | undefined> {
    const spent = await this.#spent();
    const names = Object.keys(this.#processes);
    return spent && Object.fromEntries(names.map((name, at) => [name, spent.own[at] ?? 0]));
  }

  async #spent(): Promise<{ length: number; own: number[]; others: number } | undefined> {
    const [begin, end] = [await this.#begin, await this.#sample()];
    if (begin === undefined || end === undefined) return undefined;
    const own = end.own.map((seconds, at) => seconds - (begin.own[at] ?? 0));
    const others = end.busy - begin.busy - own.reduce((sum, seconds) => sum + seconds, 0);
    return { length: (end.at - begin.at) / 1000, own, others };
  }

  async #sample(): Promise<Sample | undefined> {
    try {
      const own = Object.values(this.#processes).map(async (pid) => (await readProcess(pid)).seconds);
      const [line = ""] = (await readFile("/proc/stat", "utf8")).split("\n", 1);
      const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).map(Number);
      const busy = user + nice + system + irq + softirq + steal;
      return { at: performance.now(), busy: busy / ticks, own: await Promise.all(own) };
    } catch {
      return undefined;
    }
  }
}
