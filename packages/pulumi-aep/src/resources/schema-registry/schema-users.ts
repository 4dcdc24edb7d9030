import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { allByTitle, listDatasetObjects, listRegistryObjects } from "../../client/pages.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { accept, isProfileEnabled } from "../../client/xdm.ts";

const schemaWithParts = z.object({
  $id: z.string(),
  title: z.string(),
  allOf: z.array(z.looseObject({ $ref: z.string().nullish() })).nullish(),
  "meta:extends": z.array(z.string()).nullish(),
});

/**
 * Lists the schemas that use a field group. Compared here: Adobe documents no filter by what a schema consists of, and an overlooked schema
 * would lose its fields.
 */
export async function listSchemasWith(client: AepClient, fieldGroupId: string, signal: AbortSignal) {
  const purpose = `look for schemas that use the field group ${fieldGroupId}`;
  const list = { collection: paths.schemas, query: allByTitle, headers: accept.wholes, purpose };
  return (await listRegistryObjects(client, list, signal)).flatMap((listed) => {
    const { data } = schemaWithParts.safeParse(listed);
    if (data === undefined) return [];
    const parts = [...(data["meta:extends"] ?? []), ...(data.allOf ?? []).map(({ $ref }) => $ref)];
    return parts.includes(fieldGroupId) ? [data] : [];
  });
}

/** Ids of the datasets with a schema. */
export async function listDatasetsOf(client: AepClient, schemaId: string, signal: AbortSignal): Promise<string[]> {
  const purpose = `look for datasets that follow the schema ${schemaId}`;
  const listed = await listDatasetObjects(client, { properties: "schemaRef", purpose }, signal);
  const follows = z.object({ schemaRef: z.object({ id: z.literal(schemaId) }) });
  return listed.flatMap(([id, dataset]) => (follows.safeParse(dataset).success ? [id] : []));
}

/** Explains that Platform never deletes the parts of a Profile-enabled schema, and both ways out. `what` has no full stop. */
export function explainNeverDeleted(what: string, urn: string): Error {
  return new Error(
    `${what}. Leave it in Platform: give the schema, its field groups and its primary identity, if it has one, the resource option ` +
      "retainOnDelete and run npx pulumi up before you destroy, or remove it from the stack now: " +
      `npx pulumi state delete '${urn}'`,
  );
}

/** Why a schema may only grow: a dataset uses it, or it is in Profile; undefined if neither applies. */
export async function findUse(client: AepClient, schemaId: string, signal: AbortSignal): Promise<string | undefined> {
  if (await isInProfile(client, schemaId, signal)) return "is enabled for Profile";
  const [dataset] = await listDatasetsOf(client, schemaId, signal);
  return dataset === undefined ? undefined : `has the dataset ${dataset}`;
}

/** Whether a schema is enabled for Profile. */
export async function isInProfile(client: AepClient, schemaId: string, signal: AbortSignal): Promise<boolean> {
  const purpose = `read the schema ${schemaId}`;
  const path = pathOf(paths.schemas, schemaId);
  const tags = z.object({ "meta:immutableTags": z.array(z.string()).nullish() });
  const found = await client.find({ method: "GET", path, headers: accept.lookup, signal, purpose }, tags);
  return isProfileEnabled(found?.["meta:immutableTags"]);
}
