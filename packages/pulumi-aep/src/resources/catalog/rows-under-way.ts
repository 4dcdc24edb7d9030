import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { isReferredTo, listReferring, type References } from "../../client/pages.ts";
import { paths } from "../../client/paths.ts";
import { countMessagesReceived } from "./inlet-metrics.ts";

const target = z.object({ id: z.string() });

const dataflow = z.object({
  id: z.string(),
  name: z.string().nullish(),
  options: z.object({ inletUrl: z.string().nullish() }).nullish(),
});

type Flow = z.output<typeof dataflow>;

/**
 * Describes events that a dataflow has received but the dataset does not show yet; undefined if there are none.
 *
 * @param warn is called if Platform refuses its metrics, so that received events can't be seen
 * @throws VendorError if Platform does not answer one of the calls
 */
export async function describeRowsUnderWay(
  client: AepClient,
  datasetId: string,
  signal: AbortSignal,
  warn: (message: string) => void,
): Promise<string | undefined> {
  for await (const flow of flowsInto(client, datasetId, signal)) {
    const what = await describeTraffic(client, flow, signal, warn);
    if (what !== undefined) return what;
  }
  return undefined;
}

/** The target connections that lead to a dataset. */
export function connectionsInto(datasetId: string): References {
  const purpose = `look for connections that lead to the dataset ${datasetId}`;
  return { collection: paths.targetConnections, path: "params.dataSetId", id: datasetId, purpose };
}

/** The dataflows into a dataset, listed one connection after another: the first with rows under way ends the search. */
async function* flowsInto(client: AepClient, datasetId: string, signal: AbortSignal): AsyncGenerator<Flow> {
  for (const { id } of await listReferring(client, connectionsInto(datasetId), target, signal)) {
    const toTarget = {
      collection: paths.flows,
      path: "targetConnectionIds[]",
      id,
      purpose: `look for dataflows into the dataset ${datasetId}`,
    };
    yield* await listReferring(client, toTarget, dataflow, signal);
  }
}

async function describeTraffic(
  client: AepClient,
  { id, name, options }: Flow,
  signal: AbortSignal,
  warn: (message: string) => void,
): Promise<string | undefined> {
  const title = name ?? id;
  const runs = { collection: paths.runs, path: "flowId", id, purpose: `check whether the dataflow ${id} has run` };
  if (await isReferredTo(client, runs, signal)) {
    return `rows on their way: its dataflow "${title}" has run, and rows take up to an hour to appear`;
  }
  // An endpoint of a base connection (HTTP API) may serve dataflows into other datasets.
  const inletUrl = options?.inletUrl;
  const received = inletUrl ? await countMessagesReceived(client, inletUrl, signal) : 0;
  if (received === "refused") {
    warn(
      `Platform refuses to answer from its metrics, so events that the dataflow "${title}" received within the last hour ` +
        "can't be seen. This credential may lack a permission. Platform shows no rows, batches or runs.",
    );
    return undefined;
  }
  if (received <= 0) return undefined;
  return (
    `rows that may be on their way: its dataflow "${title}" has received ${quantityOf(received, "event")} within a ` +
    "day, and rows take up to an hour to show"
  );
}

/** How many there are: `1 row`, `3 batches`. */
export function quantityOf(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
