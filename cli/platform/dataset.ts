import type { AepClient } from "pulumi-aep/client";
import { batchCounts, batchCountsAnswer, catalogTags, paths, sumMetric } from "pulumi-aep/client";
import { z } from "zod";
import { startTimeLimit } from "../clients.ts";
import { errorWords } from "./error-words.ts";

/** One batch of a dataset: what a streaming dataflow wrote in an hour, or failed to write. */
export interface DatasetBatch {
  readonly id: string;
  readonly createdAt: Date;
  /** Catalog's word: `success`, `failed`, `processing`, … */
  readonly status: string;
  /** Rows that it has at least; undefined if Catalog does not say. */
  readonly rows: number | undefined;
  /** Records that could not become rows. */
  readonly failedRecords: number;
  readonly errors: readonly string[];
  /** What its creator has noted in it. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
}

const batchesAnswer = z.record(
  z.string(),
  batchCountsAnswer.extend({
    created: z.coerce.date(),
    status: z.string().nullish(),
    errors: z.array(z.object({ code: z.string().nullish(), description: z.string().nullish() })).nullish(),
    tags: catalogTags,
  }),
);

/** The last ten batches of a dataset, newest first (Catalog Service). */
export async function listBatches(client: AepClient, datasetId: string): Promise<DatasetBatch[]> {
  const newest = await queryBatches(client, datasetId, { orderBy: "desc:created", limit: 10 }, startTimeLimit());
  return newest.toReversed();
}

/**
 * Batches of a dataset, the oldest first.
 *
 * @param query Catalog's parameters
 */
export async function queryBatches(
  client: AepClient,
  datasetId: string,
  query: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
): Promise<DatasetBatch[]> {
  const params = { dataSet: datasetId, ...query };
  const purpose = `list the batches of the dataset ${datasetId}`;
  const found = await client.call({ method: "GET", path: paths.batches, params, signal, purpose }, batchesAnswer);
  return Object.entries(found)
    .map(([id, { created, status, errors, tags, ...counts }]) => ({
      id,
      createdAt: created,
      status: status ?? "unknown",
      ...batchCounts(counts),
      errors: (errors ?? []).map(({ code, description }) => errorWords(code, description)),
      ...(tags && { tags }),
    }))
    .sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
}

const rows = z.array(z.record(z.string(), z.unknown()));
/** Adobe's "Data Access API" shows the rows in `data`; a bare list is accepted too, since no description of the answer is published. */
const previewAnswer = z.union([rows, z.object({ data: rows }).transform(({ data }) => data)]);

/** Maximum number of rows in a preview. */
export const previewLimit = 100;

/** What "Preview dataset" shows: the first hundred rows (Data Access). */
export async function previewRows(client: AepClient, datasetId: string): Promise<Record<string, unknown>[]> {
  const path = `/data/foundation/export/datasets/${datasetId}/preview`;
  const purpose = `preview the dataset ${datasetId}`;
  // A dataset without rows answers 404 too.
  return (await client.find({ method: "GET", path, signal: startTimeLimit(), purpose }, previewAnswer)) ?? [];
}

/**
 * Counts the records that a dataset received since a time, from any source (Observability Insights).
 *
 * @returns undefined if Platform refuses to answer, for whatever reason
 */
export async function countRowsWritten(client: AepClient, datasetId: string, since: Date): Promise<number | undefined> {
  const query = {
    name: "timeseries.ingestion.dataset.recordsuccess.count",
    filter: { name: "dataSetId", value: datasetId },
    start: since,
    end: new Date(),
    purpose: `count the rows of the dataset ${datasetId}`,
  };
  const sum = await sumMetric(client, query, startTimeLimit());
  return sum === "refused" ? undefined : sum;
}
