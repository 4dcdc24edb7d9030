/** The states of a batch in Catalog's API description. */
export const batchStates = [
  "processing",
  "success",
  "failure",
  "queued",
  "retrying",
  "stalled",
  "aborted",
  "abandoned",
  "inactive",
  "failed",
  "loading",
  "loaded",
  "staged",
  "active",
  "staging",
  "deleted",
] as const;
export type BatchState = (typeof batchStates)[number];

/** Whether a batch's rows are in the dataset, for every reader: `active` is another word for `success`. */
export function showsRows(state: BatchState): boolean {
  return state === "success" || state === "active";
}
