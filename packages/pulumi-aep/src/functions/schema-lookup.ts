import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../client/client.ts";
import { pathOf, paths } from "../client/paths.ts";
import { accept, isProfileEnabled, timeSeries, xdmResource } from "../client/xdm.ts";
import { listDescriptors } from "../resources/schema-registry/identity-descriptor.ts";
import { listTitled } from "../resources/schema-registry/registry-kind.ts";

const answer = xdmResource.extend({
  properties: z.record(z.string(), z.unknown()).nullish(),
  required: z.array(z.string()).nullish(),
  "meta:class": z.string().nullish(),
  "meta:extends": z.array(z.string()).nullish(),
  "meta:immutableTags": z.array(z.string()).nullish(),
});
const primary = z.object({
  "xdm:sourceSchema": z.string(),
  "xdm:sourceProperty": z.string(),
  "xdm:isPrimary": z.literal(true),
});

const schemaArgs = z.object({
  schema: z.string().meta({ description: "The schema's $id, meta:altId or title." }),
});
const summary = {
  id: z.string().meta({ description: "The schema's $id." }),
  title: z.string().meta({ description: "Its title." }),
  profileEnabled: z.boolean().meta({ description: "Whether it is enabled for Profile, which can't be undone." }),
};
const schemaResult = z.object({
  ...summary,
  classId: z.string().meta({ description: "$id of its class." }),
  timeSeries: z.boolean().meta({
    description: "Whether it describes events, which have an _id and a timestamp, as XDM ExperienceEvent does.",
  }),
  primaryIdentity: z.string().optional().meta({
    description: "Path of the field that is its primary identity, such as /_tenant/customerio/email; none if absent.",
  }),
  definition: z
    .record(z.string(), z.unknown())
    .meta({ description: "Its fields with all field groups resolved, as a JSON schema: properties and required." }),
});

/** Looks up an existing schema with all its fields. */
export const getSchema: FunctionDefinition<AepClient, typeof schemaArgs, typeof schemaResult> = {
  token: "aep:index:getSchema",
  description:
    "An existing schema, by its $id, meta:altId or title, with all its fields. " +
    "Adobe: Schema Registry API, schemas and descriptors endpoints.",
  args: schemaArgs,
  result: schemaResult,
  async call(client, { schema }, signal) {
    const [listed] = isReference(schema) ? [{ $id: schema }] : await listSchemasTitled(client, schema, signal);
    const [found, descriptors] = listed
      ? await Promise.all([find(client, listed.$id, signal), listPrimaries(client, schema, signal)])
      : [];
    if (!found || !descriptors) {
      throw new Error(
        `There is no schema "${schema}" in the sandbox of aep:sandbox. Give its $id, its meta:altId ` +
          "or its title, which Schemas > Browse shows in Experience Platform.",
      );
    }
    return {
      ...summaryOf(found),
      classId: found["meta:class"] ?? "",
      timeSeries: found["meta:extends"]?.includes(timeSeries) ?? false,
      primaryIdentity: descriptors.find((one) => one["xdm:sourceSchema"] === found.$id)?.["xdm:sourceProperty"],
      definition: { type: "object", properties: found.properties ?? {}, required: found.required ?? [] },
    };
  },
};

const titleArgs = z.object({ title: z.string().meta({ description: "The exact title." }) });
const titleResult = z.object({
  schemas: z
    .array(z.object(summary))
    .meta({ description: "The schema with this title; none or one, since titles are unique." }),
});

/** Lists the schemas with a title, for programs that need to know whether one exists. */
export const getSchemas: FunctionDefinition<AepClient, typeof titleArgs, typeof titleResult> = {
  token: "aep:index:getSchemas",
  description: "The schemas with a title, if any. Adobe: Schema Registry API, schemas endpoint.",
  args: titleArgs,
  result: titleResult,
  async call(client, { title }, signal) {
    const found = await Promise.all(
      (await listSchemasTitled(client, title, signal)).map(({ $id }) => find(client, $id, signal)),
    );
    return { schemas: found.flatMap((schema) => (schema ? [summaryOf(schema)] : [])) };
  },
};

/** `https://ns.adobe.com/tenant/schemas/<hash>` or `_tenant.schemas.<hash>`; anything else is a title. */
function isReference(schema: string): boolean {
  return /^https:\/\/ns\.adobe\.com\/|^_[^.\s]+\.schemas\.\w+$/.test(schema);
}

function listSchemasTitled(client: AepClient, title: string, signal: AbortSignal) {
  return listTitled(client, { collection: paths.schemas, title, purpose: `look for the schema "${title}"` }, signal);
}

function find(client: AepClient, id: string, signal: AbortSignal) {
  const purpose = `read the schema ${id}`;
  return client.find({ method: "GET", path: pathOf(paths.schemas, id), headers: accept.full, signal, purpose }, answer);
}

/** The descriptors of the primary identities of all schemas. @param schema which one is looked up */
async function listPrimaries(client: AepClient, schema: string, signal: AbortSignal) {
  const purpose = `look for the primary identity of the schema ${schema}`;
  return (await listDescriptors(client, purpose, signal)).flatMap(
    (descriptor) => primary.safeParse(descriptor).data ?? [],
  );
}

function summaryOf(found: z.output<typeof answer>): { id: string; title: string; profileEnabled: boolean } {
  return { id: found.$id, title: found.title, profileEnabled: isProfileEnabled(found["meta:immutableTags"]) };
}
