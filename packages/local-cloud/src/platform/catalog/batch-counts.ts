import type { PlatformState } from "../state/state.ts";
import type { JsonObject } from "../web/json.ts";

/** The tags that Platform gives to batches; unlike callers' tags they are not lists of texts ("Partial batch ingestion"). */
export const processTags: JsonObject = { acp_enableErrorDiagnostics: true, acp_partialIngestionPercent: 5 };

/** A batch's counts: in `metrics`, as in all of Adobe's samples, or beside it, as in the API description, which counts "processed" records. */
export function renderCounts(
  { switches }: PlatformState,
  { rows, failed }: { readonly rows: number; readonly failed: number },
): JsonObject {
  if (switches.batchCounts === "metrics") {
    return { metrics: { inputRecordCount: rows + failed, outputRecordCount: rows, failedRecordCount: failed } };
  }
  const recordCount = rows + (switches.failedRecords === "beside-record-count" ? 0 : failed);
  return { recordCount, failedRecordCount: failed, metrics: {} };
}
