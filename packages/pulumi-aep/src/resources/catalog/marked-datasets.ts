import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { listDatasetObjects } from "../../client/pages.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { timestamp } from "../../client/timestamp.ts";
import type { MarkTest } from "../mark.ts";
import { pickListed } from "../pick-listed.ts";
import { catalogTags, markTag, stackTag } from "./dataset-tags.ts";

const taggedEntry = z.tuple([z.string(), z.object({ tags: catalogTags })]);

/** A dataset in Catalog's answers. */
export const datasetAnswer = z.object({
  name: z.string(),
  description: z.string().nullish(),
  enableErrorDiagnostics: z.boolean().nullish(),
  schemaRef: z.object({ id: z.string(), contentType: z.string().optional() }),
  tags: catalogTags,
  extensions: z
    .object({ adobe_lakeHouse: z.object({ rowExpiration: z.object({ ttlValue: z.string().nullish() }) }) })
    .nullish()
    .catch(undefined),
  created: timestamp.optional().catch(undefined),
});

const datasetEntry = z.tuple([z.string(), datasetAnswer]).transform(([id, found]) => ({ id, ...found }));

type Dataset = z.output<typeof datasetEntry>;

/** The datasets with a mark. */
export function listMarked(
  client: AepClient,
  hasMark: MarkTest,
  what: string,
  signal: AbortSignal,
): Promise<Dataset[]> {
  return listTagged(client, markTag, hasMark, what, signal);
}

/** The datasets that a stack created; `stack` is `<project>/<stack>`. */
export function listOfStack(client: AepClient, stack: string, signal: AbortSignal): Promise<Dataset[]> {
  return listTagged(client, stackTag, (value) => value === stack, `a dataset of the stack ${stack}`, signal);
}

async function listTagged(
  client: AepClient,
  tag: string,
  isWanted: MarkTest,
  what: string,
  signal: AbortSignal,
): Promise<Dataset[]> {
  // Filtered here: how Catalog's filter by tag interprets a value is not documented.
  const properties = "name,description,enableErrorDiagnostics,schemaRef,tags,extensions,created";
  const purpose = `check whether ${what} is there already`;
  return pickListed(await listDatasetObjects(client, { properties, purpose }, signal), {
    label: taggedEntry,
    isWanted: ([, { tags: found }]) => found?.[tag]?.some(isWanted) ?? false,
    item: datasetEntry,
    read: async ([id]) => {
      const found = await readDataset(client, id, signal);
      return found && { id, ...found };
    },
  });
}

/** Reads a dataset; undefined if it is gone. */
export async function readDataset(client: AepClient, id: string, signal: AbortSignal) {
  const call = { method: "GET", path: pathOf(paths.dataSets, id), signal, purpose: `read the dataset ${id}` } as const;
  return (await client.find(call, z.object({ [id]: datasetAnswer })))?.[id];
}

/** Reads a dataset's tags alone; undefined if it is gone. */
export async function readTags(client: AepClient, id: string, signal: AbortSignal) {
  const purpose = `read the tags of the dataset ${id}`;
  const path = `${pathOf(paths.dataSets, id)}?properties=tags`;
  return (
    await client.find({ method: "GET", path, signal, purpose }, z.object({ [id]: z.object({ tags: catalogTags }) }))
  )?.[id]?.tags;
}
