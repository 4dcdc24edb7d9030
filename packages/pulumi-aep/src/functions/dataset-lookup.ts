import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../client/client.ts";
import { listLimit } from "../client/pages.ts";
import { pathOf, paths } from "../client/paths.ts";
import { isEnabled, profileTag } from "../resources/catalog/dataset-tags.ts";
import { datasetAnswer } from "../resources/catalog/marked-datasets.ts";
import { listDatasetsOf } from "../resources/schema-registry/schema-users.ts";

const answer = datasetAnswer.pick({ name: true, schemaRef: true, tags: true });

const args = z.object({ dataset: z.string().meta({ description: "The dataset's id or its name." }) });
const result = z.object({
  id: z.string().meta({ description: "The dataset's id." }),
  name: z.string().meta({ description: "Its name." }),
  schemaId: z.string().meta({ description: "$id of the schema of its records." }),
  profileEnabled: z.boolean().meta({ description: "Whether its records go to Profile." }),
});

/** Looks up an existing dataset. */
export const getDataset: FunctionDefinition<AepClient, typeof args, typeof result> = {
  token: "aep:index:getDataset",
  description:
    "An existing dataset, by its id or its name; fails if several datasets share the name. " +
    "Adobe: Catalog Service API, dataSets endpoint.",
  args,
  result,
  async call(client, { dataset }, signal) {
    const byId = /^[0-9a-f]{24}$/.test(dataset) ? await find(client, dataset, signal) : undefined;
    const found = byId ? [byId] : await listNamed(client, dataset, signal);
    const [only, ...others] = found;
    if (!only) {
      throw new Error(
        `There is no dataset "${dataset}" in the sandbox of aep:sandbox. Give its id or its name, ` +
          "which Datasets > Browse shows in Experience Platform.",
      );
    }
    if (others.length > 0) {
      throw new Error(
        `Several datasets have the name "${dataset}" (${found.map(({ id }) => id).join(", ")}). Give the id of one.`,
      );
    }
    const { id, name, schemaRef, tags } = only;
    return { id, name, schemaId: schemaRef.id, profileEnabled: isEnabled(tags?.[profileTag]) };
  },
};

const schemaArgs = z.object({ schemaId: z.string().meta({ description: "The schema's $id." }) });
const schemaResult = z.object({
  datasetIds: z.array(z.string()).meta({ description: "Ids of the datasets that use the schema, the newest first." }),
});

/** Lists the datasets of a schema. It reads the list of all datasets in the sandbox, a hundred in a call. */
export const getDatasets: FunctionDefinition<AepClient, typeof schemaArgs, typeof schemaResult> = {
  token: "aep:index:getDatasets",
  description: "The datasets that use a schema. Adobe: Catalog Service API, dataSets endpoint.",
  args: schemaArgs,
  result: schemaResult,
  call: async (client, { schemaId }, signal) => ({ datasetIds: await listDatasetsOf(client, schemaId, signal) }),
};

async function find(client: AepClient, id: string, signal: AbortSignal) {
  const call = { method: "GET", path: pathOf(paths.dataSets, id), signal, purpose: `read the dataset ${id}` } as const;
  const found = (await client.find(call, z.object({ [id]: answer })))?.[id];
  return found && { id, ...found };
}

async function listNamed(client: AepClient, name: string, signal: AbortSignal) {
  // The simple filter `name=` would take a name with a comma for two, and one with `!` for its opposite. In either filter, `*` stands for any
  // characters, and `**` for an asterisk (Adobe, "Filter Catalog data using query parameters").
  const filter = encodeURIComponent(`name==${name.replaceAll("*", "**")}`);
  const path = `${paths.dataSets}?property=${filter}&limit=${listLimit}&properties=name,schemaRef,tags`;
  const call = { method: "GET", path, signal, purpose: `look for the dataset "${name}"` } as const;
  // Other people's datasets may lack a schema.
  const listed = await client.call(call, z.record(z.string(), z.unknown()));
  return Object.entries(listed).flatMap(([id, value]) => {
    const { data } = answer.safeParse(value);
    return data?.name === name ? [{ id, ...data }] : [];
  });
}
