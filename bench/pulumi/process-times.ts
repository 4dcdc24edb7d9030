import { readdir, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { readProcess } from "../processor-time.ts";

/** Milliseconds between two looks: a process's last part is missed. */
const interval = 50;

/** Which part of a Pulumi command a process is, by its command line. */
const parts: readonly (readonly [string, RegExp])[] = [
  ["own providers", /pulumi-resource-(aep|customerio|customerio-aep)\b/],
  ["language host", /pulumi-language-/],
  ["program", /@pulumi\/pulumi\/cmd\/run/],
  ["engine", /^(\S*\/)?pulumi /],
];

/**
 * Sums up the processor time of this process's descendants by the part of Pulumi that each of them is, in seconds, while a
 * command runs. Linux only: elsewhere there are no parts.
 */
export async function processTimesOf(command: () => Promise<unknown>): Promise<Record<string, number>> {
  const seconds = new Map<number, readonly [string, number]>();
  let running = true;
  const watching = watch();
  try {
    await command();
  } finally {
    running = false;
    await watching;
  }
  const times: Record<string, number> = {};
  for (const [part, time] of seconds.values()) times[part] = (times[part] ?? 0) + time;
  return times;

  async function watch(): Promise<void> {
    while (running) {
      for (const [pid, part, time] of await look()) seconds.set(pid, [part, time]);
      await wait(interval);
    }
  }
}

async function look(): Promise<(readonly [number, string, number])[]> {
  const names = await readdir("/proc").catch((): string[] => []);
  const found = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => readDescendant(Number(name))),
  );
  const processes = found.filter((one) => one !== undefined);
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === process.pid || isOurs(parent));
  };
  return processes.flatMap(({ pid, line, seconds }) => {
    const part = parts.find(([, pattern]) => pattern.test(line))?.[0];
    return part !== undefined && isOurs(pid) ? [[pid, part, seconds] as const] : [];
  });
}

async function readDescendant(pid: number) {
  try {
    const line = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
    return { pid, line, ...(await readProcess(pid)) };
  } catch {
    // It has ended.
    return undefined;
  }
}
