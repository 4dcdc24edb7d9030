/**
 * - `fine`: as it should be.
 * - `waiting`: nothing is wrong, but it takes its time, or waits for a step of the set-up.
 * - `broken`: somebody has to do something.
 */
export type Verdict = "fine" | "waiting" | "broken";

/** What was found out about one part. */
export interface Finding {
  readonly verdict: Verdict;
  /** As a sentence. */
  readonly found: string;
  /** Lines to read if one wants to know more. */
  readonly details?: readonly string[];
  /** What to do about it. */
  readonly todo?: string;
}

/** A check that can't be made is no good news; its error says what to do. */
export function brokenBy(error: unknown): Finding {
  return { verdict: "broken", found: error instanceof Error ? error.message : String(error) };
}

/** Lines for a terminal: verdict and part in front, what belongs to it below. */
export function render(part: string, { verdict, found, details = [], todo }: Finding): string[] {
  const below = " ".repeat(25);
  return [
    `  ${verdict.padEnd(7)}  ${part.padEnd(12)}  ${found}`,
    ...details.map((line) => below + line),
    ...(todo === undefined ? [] : [`${below}do: ${todo}`]),
  ];
}
