import { uploadedBatches } from "../batch-ingestion.ts";
import { batchStates, showsRows } from "../state/batch-state.ts";
import type { PlatformState } from "../state/state.ts";
import { plainProblem } from "../web/problem.ts";

/** Puts a batch with rows into a state. The rows are in the dataset only while that is `success` or `active`. */
export function setBatchState(state: PlatformState, id: string, wanted: string): void {
  const status = batchStates.find((known) => known === wanted);
  if (status === undefined) throw plainProblem(400, `A batch has no state ${wanted}`);
  for (const sandbox of state.sandboxes.values()) {
    const batch =
      [...sandbox.runs.values()].find(({ successBatchId }) => successBatchId === id) ??
      uploadedBatches(state, sandbox).find((uploaded) => uploaded.id === id);
    if (batch === undefined) continue;
    const { rows: own, status: before } = batch;
    batch.status = status;
    const rows = sandbox.datasets.get(batch.datasetId)?.rows ?? [];
    if (showsRows(before) === showsRows(status)) return;
    const others = rows.filter((row) => !own.includes(row));
    rows.splice(0, rows.length, ...others, ...(showsRows(status) ? own : []));
    return;
  }
  throw plainProblem(404, `The batch ${id} was not found`);
}
