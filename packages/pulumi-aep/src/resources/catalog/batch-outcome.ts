/** Whether a batch has rows in its dataset. */
export type BatchOutcome =
  /** It has. */
  | "stored"
  /** It may still get them. */
  | "unfinished"
  /** Platform could not process it, so it never gets them. */
  | "failed"
  /** Somebody ended, reverted or deleted it, or it has expired: it has none, and gets none again. */
  | "removed";

/**
 * The states of a batch in Catalog's API description. Adobe's "Batch ingestion API overview" says what they mean: `active` is another word
 * for `success`, a batch that was reverted or has expired is `inactive`, and one that is `retrying` or `stalled` is still being processed.
 */
const outcomes: ReadonlyMap<string, BatchOutcome> = new Map([
  ["success", "stored"],
  ["active", "stored"],
  ["queued", "unfinished"],
  ["loading", "unfinished"],
  ["loaded", "unfinished"],
  ["processing", "unfinished"],
  ["staging", "unfinished"],
  ["staged", "unfinished"],
  ["retrying", "unfinished"],
  ["stalled", "unfinished"],
  ["failed", "failed"],
  ["failure", "failed"],
  ["abandoned", "failed"],
  ["aborted", "removed"],
  ["inactive", "removed"],
  ["deleted", "removed"],
]);

/** What a batch's state in Catalog says about its rows. A state that the description lacks may mean anything, so nothing is final. */
export function batchOutcome(state: string | null | undefined): BatchOutcome {
  return outcomes.get(state ?? "") ?? "unfinished";
}
