import { z } from "zod";

// One that can't be read is not counted, but the batch is.
const count = z.number().nullish().catch(undefined);

/** The properties with which Catalog counts a batch's records. */
export const batchCountsAnswer = z.object({
  recordCount: count,
  failedRecordCount: count,
  metrics: z
    .object({
      inputRecordCount: count,
      outputRecordCount: count,
      failedRecordCount: count,
      recordsWritten: count,
      recordsFailed: count,
    })
    .nullish()
    .catch(undefined),
});

/** What Catalog counts in a batch. */
export interface BatchCounts {
  /** Its rows, or the smaller number if the counts can be read in two ways; undefined if there are none. */
  readonly rows: number | undefined;
  /** Records that could not become rows. */
  readonly failedRecords: number;
}

/**
 * Reads a batch's counts. All of Adobe's samples have them in `metrics`: with the names in "Partial batch ingestion", or with the older ones in
 * "View dataset data using Data Access API". Catalog's API description has `recordCount` instead, "the total number of data records
 * processed", which may or may not include the `failedRecordCount` that "could not be processed".
 */
export function batchCounts({
  recordCount,
  failedRecordCount,
  metrics,
}: z.output<typeof batchCountsAnswer>): BatchCounts {
  const written = metrics?.outputRecordCount ?? metrics?.recordsWritten ?? undefined;
  // While Platform reads a batch, it may have counted only what came in: nothing of that has failed yet.
  const lost = written === undefined ? 0 : Math.max(0, (metrics?.inputRecordCount ?? 0) - written);
  const failedRecords = metrics?.failedRecordCount ?? metrics?.recordsFailed ?? failedRecordCount ?? lost;
  const processed = recordCount ?? undefined;
  return { rows: written ?? (processed && Math.max(0, processed - failedRecords)), failedRecords };
}
