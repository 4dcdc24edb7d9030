import type { Fate, WaitReason } from "./fates.ts";

/**
 * What an answer of Platform's streaming inlet means for an event.
 *
 * - `delivered`: Platform has it.
 * - `retry`: Platform is busy or fails; the same event may be accepted later.
 * - `dead`: Platform will never take this event; others may do.
 * - `hold`: the address is not what it should be (inlet or dataflow gone, disabled, closed to the relay): the events are fine and
 *   wait, and an operator has to fix it. A 2xx without Platform's receipt is one of these: nobody says that Platform has the event.
 */
export type Verdict = Extract<Fate, "delivered" | "dead"> | WaitReason;

/** Statuses in the order in which they are looked up; what no line names is `hold`, which loses nothing and is loud. */
const verdicts: readonly { readonly from: number; readonly to: number; readonly verdict: Verdict }[] = [
  { from: 200, to: 299, verdict: "delivered" },
  // 400 is a message that isn't fit for the inlet's schema, 413 one of more than 1 MB (Adobe's streaming ingestion docs).
  { from: 400, to: 400, verdict: "dead" },
  { from: 413, to: 413, verdict: "dead" },
  { from: 415, to: 415, verdict: "dead" },
  { from: 422, to: 422, verdict: "dead" },
  { from: 408, to: 408, verdict: "retry" },
  { from: 425, to: 425, verdict: "retry" },
  { from: 429, to: 429, verdict: "retry" },
  { from: 500, to: 599, verdict: "retry" },
];

/**
 * The verdict on an answer by its HTTP status. No answer at all (a timeout, a broken connection) is a `retry`.
 *
 * @param answer.isForeign whether it lacks Platform's receipt although it says that all is well
 */
export function verdictOf({ status, isForeign }: { status: number; isForeign?: boolean }): Verdict {
  if (isForeign) return "hold";
  return verdicts.find(({ from, to }) => status >= from && status <= to)?.verdict ?? "hold";
}
