import type { Operation } from "pulumi-provider-kit";
import type { Clock } from "./clock.ts";

/** Why something isn't done yet. */
export interface NotYet {
  /** Shown as progress. */
  readonly notYet: string;
  /** Details, shown when giving up; default: `notYet`. */
  readonly detail?: string;
  /** Milliseconds after which an unchanged `notYet` counts as final; default: the whole time limit. */
  readonly patience?: number;
  /** Milliseconds until the next check; default: the pace's. */
  readonly pause?: number;
}

/** One check of something that takes time. */
export type Check<T> = { readonly done: T } | NotYet;

/** How often and how long to check, in milliseconds. */
export interface CheckPace {
  /** Waits between checks; the last one repeats. */
  readonly pauses: readonly [number, ...number[]];
  readonly limit: number;
}

/** Calls `check` until it is done. Gives up after the time limit, when the patience with one reason ends, or on Ctrl-C. */
export async function checkPatiently<T>(
  { client: { clock }, signal, progress }: Pick<Operation<{ readonly clock: Clock }>, "client" | "signal" | "progress">,
  { pauses, limit }: CheckPace,
  check: () => Promise<Check<T>>,
): Promise<{ done: T } | { gaveUp: string }> {
  const start = clock.monotonic();
  let reason: string | undefined;
  let since = start; // when this reason began
  for (let checks = 0; ; checks++) {
    const seen = await check();
    if ("done" in seen) return seen;
    const now = clock.monotonic();
    const detail = seen.detail ?? seen.notYet;
    if (seen.notYet !== reason) {
      reason = seen.notYet;
      since = now;
      progress(reason);
    }
    if (now - since >= (seen.patience ?? limit) || now - start >= limit) {
      return { gaveUp: `after ${Math.round((now - start) / 1000)} s: ${detail}` };
    }
    const pause = seen.pause ?? pauses[Math.min(checks, pauses.length - 1)] ?? pauses[0];
    if (!signal.aborted) await clock.sleep(pause, signal);
    if (signal.aborted) return { gaveUp: `(${whyStopped(signal)}): ${detail}` };
  }
}

export function whyStopped({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : "stopped";
}
