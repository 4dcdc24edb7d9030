import { z } from "zod";
import { defineResource } from "../kit/resource-definition.ts";
import type { AepClient } from "./client.ts";
import { markOf } from "./mark.ts";
import { pathOf, paths } from "./paths.ts";
import { versionOf } from "./xdm.ts";

const answer = z.object({
  name: z.string(),
  description: z.string().nullish(),
  enableErrorDiagnostics: z.boolean().nullish(),
  schemaRef: z.object({ id: z.string(), contentType: z.string().optional() }),
  tags: z.record(z.string(), z.array(z.string())).nullish().catch(undefined),
  created: z.number().optional(),
});
/** Catalog's description of tags: for marking an object "in a way that [an external system] understands". */
const markTag = "pulumi/resource";
// What others made may lack a schema.
const listAnswer = z.record(z.string(), z.unknown());
/** Catalog answers references: `["@/dataSets/<id>"]`. */
const references = z.array(z.string()).min(1);

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name; need not be unique." }),
  description: z.string().min(1).optional().meta({ description: "What the dataset is for." }),
  schemaId: z.string().meta({ description: "$id of the schema that its records follow.", replaces: true }),
  schemaVersion: z
    .number()
    .int()
    .positive()
    .default(1)
    .meta({ description: "Major version of the schema; default 1.", replaces: true }),
  errorDiagnostics: z.boolean().default(true).meta({
    description: "Whether failed batches come with files that tell what was wrong with each record; default true.",
  }),
});

type Inputs = z.output<typeof inputs>;

/** A dataset of the Catalog. Deleting it deletes its data: a program that cares sets `protect` or `retainOnDelete`. */
export const dataset = defineResource<AepClient>()({
  type: "aep:index:Dataset",
  description:
    "A dataset of the data lake. Deleting or replacing it deletes its data. Imported by its id. " +
    "Adobe: Catalog Service API, dataSets endpoint.",
  inputs,
  outputs: z.object({}),

  async leftovers({ client, signal, urn, isHeld }, wanted) {
    const left = [];
    for (const { id, ...item } of await listMarked(client, wanted.name, urn, signal)) {
      const inUse = !isHeld(id) && (await isTarget(client, id, signal));
      left.push({ id, createdAt: item.created, inputs: inputsOf(item, wanted), inUse });
    }
    return left;
  },

  async create({ client, signal, progress, urn, present }, given) {
    const made = await client.createOnce({ signal, progress }, present, {
      list: (until) => listMarked(client, given.name, urn, until),
      idOf: ({ id }) => id,
      post: async () => {
        const purpose = `create the dataset "${given.name}"`;
        const contentType = `application/vnd.adobe.xed+json;version=${given.schemaVersion}`;
        const schemaRef = { id: given.schemaId, contentType };
        const body = { ...bodyOf(given), schemaRef, tags: { [markTag]: [markOf(urn)] } };
        const call = { method: "POST", path: paths.dataSets, body, signal, purpose } as const;
        const [reference] = await client.call(call, references);
        return { id: reference?.split("/").at(-1) ?? "" };
      },
    });
    return { id: made.id, outputs: {} };
  },

  async read({ client, signal }, id, known) {
    const call = {
      method: "GET",
      path: pathOf(paths.dataSets, id),
      signal,
      purpose: `read the dataset ${id}`,
    } as const;
    const found = await client.find(call, z.object({ [id]: answer }));
    const item = found?.[id];
    return item && { inputs: inputsOf(item, known), outputs: {} };
  },

  async update({ client, signal }, id, { news, olds }) {
    // An empty description takes the old one away.
    const cleared = olds.description !== undefined && news.description === undefined ? { description: "" } : {};
    const body = { ...bodyOf(news), ...cleared };
    const purpose = `update the dataset "${news.name}" (${id})`;
    const call = {
      method: "PATCH",
      path: pathOf(paths.dataSets, id),
      body,
      signal,
      purpose,
      repeatable: true,
    } as const;
    await client.call(call, references);
    return {};
  },

  async delete({ client, signal }, id, { name }) {
    // For an unknown id Catalog answers 200 and an empty list.
    const hint = "Delete what still writes into it first, such as a dataflow.";
    await client.remove({
      path: pathOf(paths.dataSets, id),
      signal,
      purpose: `delete the dataset "${name}" (${id})`,
      hint,
    });
  },
});

function bodyOf({ name, description, errorDiagnostics }: Inputs): object {
  return { name, ...(description === undefined ? {} : { description }), enableErrorDiagnostics: errorDiagnostics };
}

function inputsOf(found: z.output<typeof answer>, known: Inputs | undefined): Inputs {
  return {
    name: found.name,
    description: found.description || undefined,
    schemaId: found.schemaRef.id,
    schemaVersion: versionOf(found.schemaRef.contentType),
    errorDiagnostics: found.enableErrorDiagnostics ?? known?.errorDiagnostics ?? false,
  };
}

async function listMarked(client: AepClient, name: string, urn: string, signal: AbortSignal) {
  // Newest first and compared here, since how a filter by tags reads a value is not documented.
  const properties = "name,description,enableErrorDiagnostics,schemaRef,tags,created";
  const path = `${paths.dataSets}?orderBy=desc:created&limit=100&properties=${properties}`;
  const purpose = `look whether the dataset "${name}" is there already`;
  const listed = await client.call({ method: "GET", path, signal, purpose }, listAnswer);
  return Object.entries(listed).flatMap(([id, value]) => {
    const parsed = answer.safeParse(value);
    return parsed.success && parsed.data.tags?.[markTag]?.includes(markOf(urn)) ? [{ id, ...parsed.data }] : [];
  });
}

/** Whether a target connection leads to the dataset. */
async function isTarget(client: AepClient, id: string, signal: AbortSignal): Promise<boolean> {
  const path = `${paths.targetConnections}?property=params.dataSetId==${id}&limit=1`;
  const call = { method: "GET", path, signal, purpose: `look for connections that lead to the dataset ${id}` } as const;
  return (await client.call(call, z.object({ items: z.array(z.unknown()) }))).items.length > 0;
}
