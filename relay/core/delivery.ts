/**
 * What an answer of Platform's streaming inlet means for an event.
 *
 * - `delivered`: Platform has it.
 * - `retry`: Platform is busy or ill; the same event may do later.
 * - `dead`: Platform will never take this event; others may do.
 * - `hold`: the address is not what it should be (inlet or dataflow gone, disabled, closed to the relay): the events are fine and
 *   wait, and somebody has to mend it.
 */
export type Verdict = "delivered" | "retry" | "dead" | "hold";

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

/** The verdict on an HTTP status. No answer at all (a timeout, a broken connection) is a `retry`. */
export function verdictOf(status: number): Verdict {
  return verdicts.find(({ from, to }) => status >= from && status <= to)?.verdict ?? "hold";
}

/**
 * Reads a `Retry-After` header: seconds, or an HTTP date.
 *
 * @returns seconds from now, never negative; undefined if there is no such header or nothing can be read from it
 */
export function retryAfterSeconds(header: string | null, now: Date): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  // Without a letter Date.parse would take many a number for a year.
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}
