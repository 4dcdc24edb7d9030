import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Records the arguments of every process of the machine, and the environment of every function host. */
export class ProcessWatch {
  readonly #arguments = new Set<string>();
  readonly #hostEnvironments = new Map<string, string>();
  readonly #watching: Promise<void>;
  #stopped = false;

  constructor() {
    this.#watching = this.#watch();
  }

  async stop(): Promise<{ arguments: string[]; hostEnvironments: string[] }> {
    this.#stopped = true;
    await this.#watching;
    return { arguments: [...this.#arguments], hostEnvironments: [...this.#hostEnvironments.values()] };
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      for (const name of readdirSync("/proc")) if (/^\d+$/.test(name)) this.#note(name);
      await wait(50);
    }
  }

  #note(pid: string): void {
    const line = ofProcess(pid, "cmdline");
    if (line === "") return;
    this.#arguments.add(line);
    if (!line.includes("function-host.mjs")) return;
    this.#hostEnvironments.set(pid, ofProcess(pid, "environ"));
  }
}

/** What /proc shows of a process; empty once it has ended. At once, since these files are in memory: that needs a tenth of the time. */
export function ofProcess(pid: number | string, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** A variable of a process's environment. */
export function variable(environment: string, name: string): string | undefined {
  return environment
    .split("\0")
    .find((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
