import type { LogLine, RelayLogReader } from "./relay-log-reader.ts";

/** Milliseconds for which Azure may show a line later than lines that were written after it. */
const lateness = 10 * 60_000;

export interface FollowLogOptions {
  readonly log: Pick<RelayLogReader, "since">;
  /** Lines from this time on. */
  readonly from: Date;
  /** Called with new lines, the oldest first. */
  readonly show: (lines: readonly LogLine[]) => void;
  readonly now: () => Date;
  /** Waits until the next read. */
  readonly pause: () => Promise<unknown>;
  readonly signal: AbortSignal;
}

/** Follows the log until `signal` aborts. Each read covers the last minutes again, since Azure shows lines late and out of order. */
export async function followLog({ log, from, show, now, pause, signal }: FollowLogOptions): Promise<void> {
  const seen = new Map<string, number>();
  while (!signal.aborted) {
    const since = Math.max(from.getTime(), now().getTime() - lateness);
    const lines = await log.since(new Date(since));
    // The same line twice in one millisecond is two lines.
    const ordinal = new Map<string, number>();
    const fresh = lines.filter((line) => {
      const text = `${line.at.getTime()} ${line.outcome} ${JSON.stringify(line.fields)}`;
      const count = (ordinal.get(text) ?? 0) + 1;
      ordinal.set(text, count);
      const key = `${count} ${text}`;
      if (seen.has(key)) return false;
      seen.set(key, line.at.getTime());
      return true;
    });
    if (fresh.length > 0) show(fresh);
    for (const [key, at] of seen) if (at < since) seen.delete(key);
    if (!signal.aborted) await pause();
  }
}
