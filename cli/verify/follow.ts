import { brokenFinding, type Finding } from "../output/finding.ts";

/** What a stage says of the event; with `end`, it goes no further, and is not meant to. */
export interface Sight extends Finding {
  readonly end?: true;
}

/** One place on an event's way. */
export interface Stage {
  /** Its name for people, as `customerio-aep status` has it. */
  readonly part: string;
  /**
   * Looks whether the event is through.
   *
   * @returns `fine` if it is, `waiting` if it may yet come through, `broken` if it won't
   */
  look(): Promise<Sight>;
}

/** How the event's way ended: through all stages, or in one of them. */
export type VerifyOutcome = "through" | "broken" | "waiting" | "stopped";

export interface FollowOptions {
  readonly stages: readonly Stage[];
  /** Milliseconds until it is given up. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Told while a stage is waited for. */
  readonly progress: (part: string, finding: Finding, elapsed: number) => void;
  /** Told once for each stage, of how it ended. */
  readonly report: (part: string, finding: Finding) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Milliseconds between two looks: short at first, growing later. */
const pauses = { first: 500, longest: 15_000, growth: 1.4 };

/** Follows an event from stage to stage. It doesn't throw: a stage that can't be looked at is broken. */
export async function follow(options: FollowOptions): Promise<VerifyOutcome> {
  const { stages, timeout, signal, progress, report, monotonic, sleep } = options;
  const start = monotonic();
  for (const { part, look } of stages) {
    for (let pause = pauses.first; ; pause = Math.min(pause * pauses.growth, pauses.longest)) {
      if (signal.aborted) return "stopped";
      const finding: Sight = await look().catch(brokenFinding);
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
