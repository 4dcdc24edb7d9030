import type { AepClient } from "pulumi-aep/client";
import { paths } from "pulumi-aep/client";
import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { startTimeLimit } from "../clients.ts";

/** One batch of a dataset: what a streaming dataflow wrote in an hour, or failed to write. */
export interface DatasetBatch {
  readonly id: string;
  readonly createdAt: Date;
  /** Catalog's word: `success`, `failed`, `processing`, … */
  readonly status: string;
  readonly rows: number | undefined;
  readonly errors: readonly string[];
  /** What its creator has noted in it. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
}

const batchesAnswer = z.record(
  z.string(),
  z.object({
    created: z.coerce.date(),
    status: z.string().nullish(),
    recordCount: z.number().nullish().catch(undefined),
    errors: z.array(z.object({ code: z.string().nullish(), description: z.string().nullish() })).nullish(),
    tags: z.record(z.string(), z.array(z.string())).nullish().catch(undefined),
  }),
);

/** The latest batches of a dataset, newest first (Catalog Service). */
export async function listBatches(client: AepClient, datasetId: string, limit = 10): Promise<DatasetBatch[]> {
  const newest = await queryBatches(client, datasetId, { orderBy: "desc:created", limit }, startTimeLimit());
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
  const path = paths.dataSets.replace(/dataSets$/, "batches");
  const params = { dataSet: datasetId, ...query };
  const purpose = `list the batches of the dataset ${datasetId}`;
  const found = await client.call({ method: "GET", path, params, signal, purpose }, batchesAnswer);
  return Object.entries(found)
    .map(([id, { created, status, recordCount, errors, tags }]) => ({
      id,
      createdAt: created,
      status: status ?? "unknown",
      rows: recordCount ?? undefined,
      errors: (errors ?? []).map(
        ({ code, description }) => `${code ?? ""} ${description ?? ""}`.trim() || "no reason given",
      ),
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

const metric = "timeseries.ingestion.dataset.recordsuccess.count";
const metricsAnswer = z.object({
  metricResponses: z.array(
    z.object({ datapoints: z.array(z.object({ dps: z.record(z.string(), z.number().nullable()) })) }),
  ),
});

/**
 * Counts the records that a dataset received since a time, from any source (Observability Insights).
 *
 * @returns undefined if the credential may not read metrics
 */
export async function countRowsWritten(client: AepClient, datasetId: string, since: Date): Promise<number | undefined> {
  const body = {
    start: since.toISOString(),
    end: new Date().toISOString(),
    granularity: "DAY",
    metrics: [
      {
        name: metric,
        filters: [{ name: "dataSetId", value: datasetId, groupBy: false }],
        aggregator: "sum",
        downsample: "sum",
      },
    ],
  };
  const path = "/data/infrastructure/observability/insights/metrics";
  const purpose = `count the rows of the dataset ${datasetId}`;
  try {
    const answer = await client.call({ method: "POST", path, body, signal: startTimeLimit(), purpose }, metricsAnswer);
    const points = answer.metricResponses.flatMap(({ datapoints }) =>
      datapoints.flatMap(({ dps }) => Object.values(dps)),
    );
    return points.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  } catch (error) {
    if (error instanceof VendorError && error.status === 403) return undefined;
    throw error;
  }
}
