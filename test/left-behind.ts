import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

export interface LeftProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Whether the operating system shows the environment of processes: Linux does. */
export const showsEnvironments = existsSync("/proc/self/environ");

/** Other processes that have an environment variable of this value. */
export function markedProcesses(name: string, value: string): LeftProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      const isMarked = read(`/proc/${pid}/environ`).split("\0").includes(`${name}=${value}`);
      const commandLine = read(`/proc/${pid}/cmdline`).split("\0").join(" ").trim();
      // esbuild's service is a child of the building process, and ends with it.
      return isMarked && !commandLine.includes("esbuild --service") ? [{ pid: Number(pid), commandLine }] : [];
    });
}

/** Waits until no such process is alive; returns those that still are after `patience` milliseconds. */
export async function leftAfter(name: string, value: string, patience: number): Promise<LeftProcess[]> {
  for (const deadline = Date.now() + patience; ; await wait(100)) {
    const left = markedProcesses(name, value);
    if (left.length === 0 || Date.now() >= deadline) return left;
  }
}

/** Empty for a process that has ended meanwhile, is ending, or belongs to another user. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
