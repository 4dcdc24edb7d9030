import { readdir, readFile } from "node:fs/promises";

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
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      await Promise.all(pids.map((pid) => this.#note(pid)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #note(pid: string): Promise<void> {
    const line = await ofProcess(pid, "cmdline");
    if (line === "") return;
    this.#arguments.add(line);
    if (!line.includes("function-host.ts")) return;
    this.#hostEnvironments.set(pid, await ofProcess(pid, "environ"));
  }
}

/** What /proc shows of a process; empty once it has ended. */
export function ofProcess(pid: number | string, file: "cmdline" | "environ"): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}

/** A variable of a process's environment. */
export function variable(environment: string, name: string): string | undefined {
  return environment
    .split("\0")
    .find((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
