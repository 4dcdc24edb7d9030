import type { Fate, WaitReason } from "./fates.ts";

/**
 * What an answer of Platform's streaming inlet means for an event.
 *
 * - `delivered`: Platform has it.
 * - `retry`: Platform is busy or failing; it may accept the same event later.
 * - `dead`: Platform will never accept this event, but may accept others.
 * - `hold`: the address is wrong (inlet or dataflow deleted, disabled, or closed to the relay). The events are fine and
 *   wait until an operator fixes the address. A 2xx without Platform's receipt is one of these, since nothing confirms
 *   that Platform has the event.
 */
export type Verdict = Extract<Fate, "delivered" | "dead"> | WaitReason;

/**
 * The statuses in the order in which they are checked. Any other status is `hold`, which loses nothing and raises an
 * alert.
 */
const verdicts: readonly { readonly from: number; readonly to: number; readonly verdict: Verdict }[] = [
  { from: 200, to: 299, verdict: "delivered" },
  // 400: a message that doesn't match the inlet's schema; 413: a message of more than 1 MB (Adobe's streaming ingestion
  // docs).
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
 * @param answer.isForeign whether it reports success without Platform's receipt
 */
export function verdictOf({ status, isForeign }: { status: number; isForeign?: boolean }): Verdict {
  if (isForeign) return "hold";
  return verdicts.find(({ from, to }) => status >= from && status <= to)?.verdict ?? "hold";
}
