import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";

/** Counts messages that an inlet received, whether or not they are rows yet (Observability Insights, metrics page). */
const metric = "timeseries.data.collection.inlet.total.messages.received";

/** Milliseconds to look back: rows show within the hour, and the metrics are summed by day. */
const window = 24 * 60 * 60 * 1_000;

const answer = z.object({
  metricResponses: z.array(
    z.object({ datapoints: z.array(z.object({ dps: z.record(z.string(), z.number().nullable()) })) }),
  ),
});

/**
 * Counts the messages that an inlet received in the last day.
 *
 * @returns "refused" if the credential may not read metrics
 * @throws VendorError if Platform does not answer
 */
export async function countMessagesReceived(
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
    // No documentation says which permission the metrics need, or whether every organization has them.
    if (error instanceof VendorError && [400, 401, 403, 404].includes(error.status ?? 0)) return "refused";
    throw error;
  }
}
