import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";

const answer = z.object({
  metricResponses: z.array(
    z.object({ datapoints: z.array(z.object({ dps: z.record(z.string(), z.number().nullable()) })) }),
  ),
});

/** A metric of one object over a time (Observability Insights, metrics page). */
export interface MetricQuery {
  readonly name: string;
  /** Such as `dataSetId` and the dataset's id. */
  readonly filter: { readonly name: string; readonly value: string };
  readonly start: Date;
  readonly end: Date;
  readonly purpose: string;
}

/**
 * The sum of a metric.
 *
 * @returns "refused" if Platform refuses to answer, for whatever reason
 * @throws VendorError if Platform does not answer
 */
export async function sumMetric(
  client: AepClient,
  { name, filter, start, end, purpose }: MetricQuery,
  signal: AbortSignal,
): Promise<number | "refused"> {
  const filters = [{ ...filter, groupBy: false }];
  const body = {
    start: start.toISOString(),
    end: end.toISOString(),
    granularity: "DAY",
    metrics: [{ name, filters, aggregator: "sum", downsample: "sum" }],
  };
  try {
    const call = { method: "POST", path: paths.metrics, body, signal, purpose, repeatable: true } as const;
    const { metricResponses } = await client.call(call, answer);
    const points = metricResponses.flatMap(({ datapoints }) => datapoints.flatMap(({ dps }) => Object.values(dps)));
    return points.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  } catch (error) {
    // No documentation says which permission the metrics need, or whether every organization has them.
    if (error instanceof VendorError && [400, 401, 403, 404].includes(error.status ?? 0)) return "refused";
    throw error;
  }
}
