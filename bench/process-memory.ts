import { readFile } from "node:fs/promises";

/**
 * Bytes of resident memory of a process, now or at the most. Linux only: elsewhere, or once it has ended, NaN. The peak that
 * `process.resourceUsage()` gives includes that of the parent before the start.
 */
export async function readMemory(pid: number, when: "now" | "peak"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const field = { now: /^VmRSS:\s+(\d+) kB$/m, peak: /^VmHWM:\s+(\d+) kB$/m }[when];
  return 1024 * Number(status.match(field)?.[1] ?? Number.NaN);
}
