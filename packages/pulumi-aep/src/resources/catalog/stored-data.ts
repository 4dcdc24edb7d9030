import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { pathOf, paths } from "../../client/paths.ts";

/** Objects in one list, at most (Catalog Service API). */
const listLimit = 100;

const answer = z.object({ name: z.string().nullish(), lastBatchId: z.string().nullish() });

const batch = z.looseObject({
  status: z.string().optional(),
  recordCount: z.number().nullish(),
});

const items = z.object({ items: z.array(z.object({ id: z.string(), name: z.string().nullish() })) });

/** A dataset's name, and what it holds: `13 rows in 2 batches`. */
export interface StoredData {
  readonly name: string;
  readonly what: string;
}

/**
 * What a dataset holds; undefined if it holds nothing. In doubt it holds something, since nothing brings deleted
 * rows back: a batch counts whatever its status (of a failed one, Platform keeps the failed records), and so does a dataflow
 * that has run, since rows take up to an hour to become a batch.
 *
 * @throws VendorError if Platform does not answer one of the questions
 */
export async function storedData(
  client: AepClient,
  id: string,
  signal: AbortSignal,
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
    (await runsInto(client, id, signal));
  return what === undefined ? undefined : { name: dataset.name ?? id, what };
}

export async function holdsData(client: AepClient, id: string, signal: AbortSignal): Promise<boolean> {
  return typeof (await storedData(client, id, signal)) === "object";
}

async function batchesOf(client: AepClient, id: string, signal: AbortSignal): Promise<string | undefined> {
  const path = `${paths.batches}?dataSet=${id}&limit=${listLimit}`;
  const call = { method: "GET", path, signal, purpose: `look whether the dataset ${id} holds data` } as const;
  const listed = await client.call(call, z.record(z.string(), batch));
  const batches = Object.values(listed).filter(({ status }) => status !== "deleted");
  if (batches.length === 0) return undefined;
  const isAll = Object.keys(listed).length < listLimit;
  const batchCount = count(batches.length, "batch", "batches");
  if (batches.some(({ recordCount }) => typeof recordCount !== "number")) {
    return isAll ? batchCount : `${batchCount} or more`;
  }
  const rows = batches.reduce((sum, { recordCount }) => sum + (recordCount ?? 0), 0);
  return `${count(rows, "row", "rows")} in ${batchCount}${isAll ? "" : ", or more"}`;
}

async function runsInto(client: AepClient, id: string, signal: AbortSignal): Promise<string | undefined> {
  const list = async (path: string, purpose: string) =>
    (await client.call({ method: "GET", path, signal, purpose }, items)).items;
  const targets = await list(
    `${paths.targetConnections}?property=params.dataSetId==${id}&limit=${listLimit}`,
    `look for connections that lead to the dataset ${id}`,
  );
  for (const target of targets) {
    const flows = await list(
      `${paths.flows}?property=targetConnectionIds[]==${target.id}&limit=${listLimit}`,
      `look for dataflows into the dataset ${id}`,
    );
    for (const flow of flows) {
      const runs = await list(
        `${paths.runs}?property=flowId==${flow.id}&limit=1`,
        `look whether the dataflow ${flow.id} has run`,
      );
      if (runs.length > 0) {
        return `rows that are on their way: its dataflow "${flow.name ?? flow.id}" has run, and rows take up to an hour to show`;
      }
    }
  }
  return undefined;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
