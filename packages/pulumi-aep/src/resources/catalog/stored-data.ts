import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { listLimit } from "../../client/pages.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { batchCounts, batchCountsAnswer } from "./batch-counts.ts";
import { batchOutcome } from "./batch-outcome.ts";
import { describeRowsUnderWay, quantityOf } from "./rows-under-way.ts";

const answer = z.object({ name: z.string().nullish(), lastBatchId: z.string().nullish() });

const batch = batchCountsAnswer.extend({ status: z.string().nullish().catch(undefined) });

/** A dataset's name, and what it holds: `13 rows in 2 batches`. */
export interface StoredData {
  readonly name: string;
  readonly what: string;
}

/**
 * Describes what a dataset holds; undefined if it holds nothing. If in doubt, it holds something, since deleted
 * rows can't be restored: a batch counts unless it was removed (Platform keeps the failed records of a failed batch), and so does a
 * dataflow that has run or whose endpoint has received an event, since rows take up to an hour to become a batch.
 *
 * @param warn is called if Platform refuses its metrics, so that received events can't be seen; default: no warning
 * @throws VendorError if Platform does not answer one of the calls
 */
export async function readStoredData(
  client: AepClient,
  id: string,
  signal: AbortSignal,
  warn: (message: string) => void = () => undefined,
): Promise<StoredData | "gone" | undefined> {
  const read = {
    method: "GET",
    path: pathOf(paths.dataSets, id),
    signal,
    purpose: `read the dataset ${id}`,
  } as const;
  const dataset = (await client.find(read, z.object({ [id]: answer })))?.[id];
  if (dataset === undefined) return "gone";
  const what =
    (await batchesOf(client, id, signal)) ??
    (dataset.lastBatchId ? `the batch ${dataset.lastBatchId}` : undefined) ??
    (await describeRowsUnderWay(client, id, signal, warn));
  return what === undefined ? undefined : { name: dataset.name ?? id, what };
}

export async function holdsData(client: AepClient, id: string, signal: AbortSignal): Promise<boolean> {
  return typeof (await readStoredData(client, id, signal)) === "object";
}

async function batchesOf(client: AepClient, id: string, signal: AbortSignal): Promise<string | undefined> {
  const path = `${paths.batches}?dataSet=${id}&limit=${listLimit}`;
  const call = { method: "GET", path, signal, purpose: `check whether the dataset ${id} holds data` } as const;
  const listed = await client.call(call, z.record(z.string(), batch));
  const batches = Object.values(listed).filter(({ status }) => batchOutcome(status) !== "removed");
  const isAll = Object.keys(listed).length < listLimit;
  if (batches.length === 0) return isAll ? undefined : "an unknown number of batches";
  const batchCount = quantityOf(batches.length, "batch", "batches");
  const counted = batches.flatMap((one) => batchCounts(one).rows ?? []);
  if (counted.length < batches.length) return isAll ? batchCount : `${batchCount} or more`;
  const rows = counted.reduce((sum, each) => sum + each, 0);
  return `${quantityOf(rows, "row")} in ${batchCount}${isAll ? "" : ", or more"}`;
}
