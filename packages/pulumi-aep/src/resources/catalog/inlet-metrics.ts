import type { AepClient } from "../../client/client.ts";
import { sumMetric } from "./metrics.ts";

/** Counts messages that an inlet received, whether or not they are rows yet (Observability Insights, metrics page). */
const name = "timeseries.data.collection.inlet.total.messages.received";

/** Milliseconds to look back: rows show within the hour, and the metrics are summed by day. */
const window = 24 * 60 * 60 * 1_000;

/**
 * Counts the messages that an inlet received in the last day.
 *
 * @returns "refused" if Platform refuses to answer, for whatever reason
 * @throws VendorError if Platform does not answer
 */
export async function countMessagesReceived(
  client: AepClient,
  inletUrl: string,
  signal: AbortSignal,
): Promise<number | "refused"> {
  const inletId = new URL(inletUrl).pathname.split("/").at(-1) ?? "";
  const end = new Date();
  const purpose = "count the events that the dataflow's endpoint has received";
  const query = { name, filter: { name: "inletId", value: inletId }, start: new Date(end.getTime() - window), end };
  return await sumMetric(client, { ...query, purpose }, signal);
}
