import { brokenFinding, type Finding } from "../output/finding.ts";

/** What a stage reports about the event; with `end`, the event is not supposed to go further. */
export type StageReport = Finding & { readonly end?: true };

/** One stage on an event's way. */
export interface Stage {
  /** Its name for people, as `customerio-aep status` has it. */
  readonly part: string;
  /**
   * Checks whether the event has passed this stage.
   *
   * @returns `fine` if it has, `waiting` if it still may, `broken` if it won't
   */
  look(): Promise<StageReport>;
}

/** How the event's way ended: through all stages, or in one of them. */
export type VerifyOutcome = "through" | "broken" | "waiting" | "stopped";

export interface FollowOptions {
  readonly stages: readonly Stage[];
  /** Milliseconds after which it gives up. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Called while it waits for a stage. */
  readonly progress: (part: string, finding: Finding, elapsed: number) => void;
  /** Called once for each stage, with its result. */
  readonly report: (part: string, finding: Finding) => void;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Milliseconds between two checks: short at first, then growing. */
const pauses = { first: 500, longest: 15_000, growth: 1.4 };

/** Follows an event from stage to stage. Never throws: a stage that can't be checked is broken. */
export async function follow(options: FollowOptions): Promise<VerifyOutcome> {
  const { stages, timeout, signal, progress, report, monotonic, sleep } = options;
  const start = monotonic();
  for (const { part, look } of stages) {
    for (let pause = pauses.first; ; pause = Math.min(pause * pauses.growth, pauses.longest)) {
      if (signal.aborted) return "stopped";
      const finding: StageReport = await look().catch(brokenFinding);
      if (finding.verdict === "fine") {
        report(part, finding);
        if (finding.end) return "through";
        break;
      }
      const left = timeout - (monotonic() - start);
      if (finding.verdict === "broken" || left <= 0) {
        report(part, finding);
        return finding.verdict;
      }
      progress(part, finding, monotonic() - start);
      await sleep(Math.min(pause, left), signal);
    }
  }
  return "through";
}
