import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";
import type { MarkTest } from "../mark.ts";
import { markTag, stackTag } from "./dataset-tags.ts";

/** A dataset in Catalog's answers. */
export const datasetAnswer = z.object({
  name: z.string(),
  description: z.string().nullish(),
  enableErrorDiagnostics: z.boolean().nullish(),
  schemaRef: z.object({ id: z.string(), contentType: z.string().optional() }),
  tags: z.record(z.string(), z.array(z.string())).nullish().catch(undefined),
  extensions: z
    .object({ adobe_lakeHouse: z.object({ rowExpiration: z.object({ ttlValue: z.string().nullish() }) }) })
    .nullish()
    .catch(undefined),
  created: z.number().optional(),
});

type Dataset = z.output<typeof datasetAnswer> & { readonly id: string };

/** The datasets with a mark, among the sandbox's newest hundred. */
export function listMarked(client: AepClient, bears: MarkTest, what: string, signal: AbortSignal): Promise<Dataset[]> {
  return listTagged(client, markTag, bears, what, signal);
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
  // Newest first, and filtered here: how Catalog's filter by tag interprets a value is not documented.
  const properties = "name,description,enableErrorDiagnostics,schemaRef,tags,extensions,created";
  const path = `${paths.dataSets}?orderBy=desc:created&limit=100&properties=${properties}`;
  const purpose = `check whether ${what} is there already`;
  // Other people's datasets may lack a schema.
  const listed = await client.call({ method: "GET", path, signal, purpose }, z.record(z.string(), z.unknown()));
  return Object.entries(listed).flatMap(([id, value]) => {
    const parsed = datasetAnswer.safeParse(value);
    return parsed.success && parsed.data.tags?.[tag]?.some(isWanted) ? [{ id, ...parsed.data }] : [];
  });
}
