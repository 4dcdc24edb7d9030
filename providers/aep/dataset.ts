import { z } from "zod";
import { defineResource } from "../kit/resource-definition.ts";
import type { AepClient } from "./client.ts";
import { pathOf, paths } from "./paths.ts";
import { versionOf } from "./xdm.ts";

const answer = z.object({
  name: z.string(),
  description: z.string().nullish(),
  enableErrorDiagnostics: z.boolean().nullish(),
  schemaRef: z.object({ id: z.string(), contentType: z.string().optional() }),
});
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

  async create({ client, signal, progress }, given) {
    const id = await client.createOnce(
      { signal, progress },
      {
        // Newest first and compared here, since names are not unique and a filter may read them in its own way.
        list: async (until) => {
          const path = `${paths.dataSets}?orderBy=desc:created&limit=100&properties=name,description,schemaRef`;
          const listed = await client.call(
            { method: "GET", path, signal: until, purpose: "list the datasets" },
            listAnswer,
          );
          return Object.entries(listed).flatMap(([key, value]) => {
            const parsed = answer.safeParse(value);
            return parsed.success && isSame(parsed.data, given) ? [key] : [];
          });
        },
        idOf: (key) => key,
        post: async () => {
          const purpose = `create the dataset "${given.name}"`;
          const contentType = `application/vnd.adobe.xed+json;version=${given.schemaVersion}`;
          const body = { ...bodyOf(given), schemaRef: { id: given.schemaId, contentType } };
          const [reference] = await client.call(
            { method: "POST", path: paths.dataSets, body, signal, purpose },
            references,
          );
          return reference?.split("/").at(-1) ?? "";
        },
      },
    );
    return { id, outputs: {} };
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
    const purpose = `update the dataset "${news.name}"`;
    await client.call({ method: "PATCH", path: pathOf(paths.dataSets, id), body, signal, purpose }, references);
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

function isSame(found: z.output<typeof answer>, wanted: Inputs): boolean {
  const { name, description, schemaId, schemaVersion } = inputsOf(found, undefined);
  return (
    name === wanted.name &&
    description === wanted.description &&
    schemaId === wanted.schemaId &&
    schemaVersion === wanted.schemaVersion
  );
}
