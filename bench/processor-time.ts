import { readFile } from "node:fs/promises";

/** Clock ticks a second in which Linux reports processor time, on every architecture that Node runs on. */
export const ticks = 100;

/** The parent of a process, and the seconds of processor time that it has used. Linux only: elsewhere, or once it has ended, it throws. */
export async function readProcess(pid: number): Promise<{ parent: number; seconds: number }> {
  // After the name in brackets: the parent is field 4 of proc(5), utime and stime are 14 and 15.
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ").at(-1)?.split(" ") ?? [];
  return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / ticks };
}
