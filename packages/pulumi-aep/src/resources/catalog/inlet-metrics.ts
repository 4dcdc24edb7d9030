import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";

/** Counts what an inlet took, whether it has become rows or not (Observability Insights, metrics page). */
const metric = "timeseries.data.collection.inlet.total.messages.received";

/** Milliseconds to look back: rows show within the hour, and days are what the metrics are summed by. */
const window = 24 * 60 * 60 * 1_000;

const answer = z.object({
  metricResponses: z.array(
    z.object({ datapoints: z.array(z.object({ dps: z.record(z.string(), z.number().nullable()) })) }),
  ),
});

/**
 * How many messages an inlet has received in the last day.
 *
 * @returns "refused" if Platform does not let the credential ask
 * @throws VendorError if Platform does not answer
 */
export async function messagesReceived(
  client: AepClient,
  inletUrl: string,
  signal: AbortSignal,
): Promise<number | "refused"> {
  const inletId = new URL(inletUrl).pathname.split("/").at(-1) ?? "";
  const now = Date.now();
  const body = {
    start: new Date(now - window).toISOString(),
    end: new Date(now).toISOString(),
    granularity: "DAY",
    metrics: [
      {
        name: metric,
        filters: [{ name: "inletId", value: inletId, groupBy: false }],
        aggregator: "sum",
        downsample: "sum",
      },
    ],
  };
  const purpose = "count the events that the dataflow's endpoint has received";
  try {
    const call = { method: "POST", path: paths.metrics, body, signal, purpose, repeatable: true } as const;
    const { metricResponses } = await client.call(call, answer);
    const points = metricResponses.flatMap(({ datapoints }) => datapoints.flatMap(({ dps }) => Object.values(dps)));
    return points.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  } catch (error) {
    // No source says which permission the metrics need, or that every organization has them.
    if (error instanceof VendorError && [400, 401, 403, 404].includes(error.status ?? 0)) return "refused";
    throw error;
  }
}
