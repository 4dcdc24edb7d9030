import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { listDatasetObjects } from "../../client/pages.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { accept, isProfileEnabled, xdmList } from "../../client/xdm.ts";

/** Lists the schemas that use a field group. */
export async function listSchemasWith(client: AepClient, fieldGroupId: string, signal: AbortSignal) {
  const path = `${paths.schemas}?property=meta:extends==${encodeURIComponent(fieldGroupId)}`;
  const purpose = `look for schemas that use the field group ${fieldGroupId}`;
  return (await client.call({ method: "GET", path, headers: accept.list, signal, purpose }, xdmList)).results;
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
