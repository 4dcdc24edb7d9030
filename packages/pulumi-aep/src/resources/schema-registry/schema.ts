import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { experienceEvent, isProfileEnabled, keepSpelling } from "../../client/xdm.ts";
import { addMark, markOf, ownershipInput, withoutMark } from "../mark.ts";
import { deleteDescriptor, listDescriptorsOf } from "./identity-descriptor.ts";
import { registryItem, registryKind, registryOutputs } from "./registry-kind.ts";
import { explainNeverDeleted, findUse, listDatasetsOf } from "./schema-users.ts";

const answer = registryItem.extend({
  allOf: z.array(z.looseObject({ $ref: z.string() })),
  "meta:class": z.string().nullish(),
  "meta:immutableTags": z.array(z.string()).nullish(),
});

const inputs = z.object({
  title: z
    .string()
    .min(1)
    .meta({ description: "Title; unique across all schemas, field groups, classes and data types." }),
  description: z.string().min(1).optional().meta({ description: "What the schema is for." }),
  classId: z
    .string()
    .default(experienceEvent)
    .meta({ description: "$id of the class; default: XDM ExperienceEvent.", replaces: true }),
  fieldGroupIds: z.array(z.string()).meta({
    description:
      "$ids of the field groups, Adobe's and custom ones, in any order. They can only be added once a dataset uses the schema. Those that others " +
      "have added are left alone.",
    references: "aep:index:FieldGroup",
  }),
  ownership: ownershipInput,
});

type Inputs = z.output<typeof inputs>;
type Answer = z.output<typeof answer>;

const registry = registryKind({
  collection: paths.schemas,
  kind: "schema",
  item: answer,
  inputsOf,
  bodyOf,
  needsOf: ({ fieldGroupIds }) => fieldGroupIds,
  isUsed: async (client, found, signal) =>
    isProfileEnabled(found["meta:immutableTags"]) || (await listDatasetsOf(client, found.$id, signal)).length > 0,
});

/** A schema of the Schema Registry. A separate resource enables it for Profile: see `profile-enablement.ts`. */
export const schema = defineResource<AepClient>()({
  type: "aep:index:Schema",
  description:
    "A schema: a class and field groups. Imported by its $id or meta:altId. " +
    "Adobe: Schema Registry API, schemas endpoint.",
  inputs,
  outputs: z.object({
    altId: z.string().meta({ description: "Id in dot notation: _<tenant id>.schemas.<hash>." }),
    version: z.string().meta({ description: "Version; each change increases its minor part.", volatile: true }),
  }),
  // Titles are unique.
  deleteBeforeReplace: true,

  normalize: (given) => ({ ...given, fieldGroupIds: asSet(given.fieldGroupIds) }),

  leftovers: registry.leftovers,
  findOwned: registry.findOwned,
  foreseeCreation: registry.foreseeCreation,
  create: registry.create,

  async read({ client, signal }, id, known) {
    const found = await registry.find(client, id, signal);
    if (!found) return undefined;
    const inputs = inputsOf(known ? withoutOthers(found, known) : found, known);
    return { id: found.$id, inputs, outputs: registryOutputs(found) };
  },

  async foresee({ client, signal }, id, { news, olds }) {
    const removed = olds.fieldGroupIds.filter((group) => !news.fieldGroupIds.includes(group));
    const use = removed.length > 0 ? await findUse(client, id, signal) : undefined;
    if (use === undefined) return;
    throw new Error(
      `The change of the schema "${news.title}" (${id}) removes field groups (${removed.join(", ")}). Platform refuses ` +
        `that, since the schema ${use}: from then on fields can only be added. Keep them, or create another schema.`,
    );
  },

  async update({ client, signal, progress, urn }, id, { news, olds }) {
    const found = await registry.findPresent(client, id, signal);
    // A PUT replaces everything, and others may have set Profile's tag or added field groups.
    const tags = found["meta:immutableTags"];
    const own = [...news.fieldGroupIds, ...olds.fieldGroupIds];
    const added = inputsOf(found).fieldGroupIds.filter((group) => !own.includes(group));
    const wanted = { ...news, fieldGroupIds: [...news.fieldGroupIds, ...added] };
    const body = { ...bodyOf(wanted, markOf(urn, news.ownership)), ...(tags ? { "meta:immutableTags": tags } : {}) };
    const purpose = `update the schema "${news.title}"`;
    const removed = olds.fieldGroupIds.filter((group) => !news.fieldGroupIds.includes(group));
    const hint = `The change removes field groups (${removed.join(", ")}). Platform allows that only if no dataset has ever used the schema, not even one that is deleted by now.`;
    const call = { body, signal, purpose, ...(removed.length > 0 && { hint }) };
    const replace = () => registry.replace(client, id, call);
    return client.untilVisible({ signal, progress }, news.fieldGroupIds, replace);
  },

  async delete(operation, id, { title }) {
    const { client, signal, urn } = operation;
    const found = await registry.find(client, id, signal);
    if (!found) return;
    if (isProfileEnabled(found["meta:immutableTags"])) {
      const what = `The schema "${title}" (${id}) has been enabled for Profile, and Platform never deletes such a schema`;
      throw explainNeverDeleted(what, urn);
    }
    await deleteDescriptors(operation, id);
    const hint = "Platform keeps a schema as long as a dataset uses it: first delete those datasets.";
    const purpose = `delete the schema "${title}"`;
    await client.deleteReleased({ path: pathOf(paths.schemas, id), signal, purpose, hint });
  },
});

/**
 * Descriptors mean nothing without their schema. The program's own are already deleted. One is left if a run was killed while it created it,
 * or if people named or labeled a field in Platform, and Platform may refuse to delete a schema that has one.
 */
async function deleteDescriptors({ client, signal, warn }: Operation<AepClient>, id: string): Promise<void> {
  const left = await listDescriptorsOf(client, id, signal);
  if (left.length === 0 || (await listDatasetsOf(client, id, signal)).length > 0) return;
  for (const { id: descriptor, type } of left) {
    warn(`deletes the descriptor ${descriptor} (${type.replace(/^xdm:/, "")}) along with the schema`);
    try {
      await deleteDescriptor(client, descriptor, signal);
    } catch (error) {
      // People's labels may need a permission that the credential lacks. Only the schema's own deletion shows whether they prevent it.
      if (client.refusal(error)?.status !== 403) throw error;
      warn((error as Error).message);
    }
  }
}

/** The schema without the field groups that others have added. */
function withoutOthers(found: Answer, { fieldGroupIds }: Inputs): Answer {
  const own = [classOf(found), ...fieldGroupIds];
  return { ...found, allOf: found.allOf.filter(({ $ref }) => own.includes($ref)) };
}

function classOf(found: Answer): string {
  return found["meta:class"] ?? found.allOf[0]?.$ref ?? experienceEvent;
}

function bodyOf({ title, description, classId, fieldGroupIds }: Inputs, mark: string): object {
  const allOf = [classId, ...fieldGroupIds].map(($ref) => ({ $ref }));
  return { type: "object", title, description: addMark(description, mark), allOf };
}

function inputsOf(found: Answer, known?: Inputs): Inputs {
  const classId = classOf(found);
  const groups = found.allOf.map(({ $ref }) => $ref).filter((reference) => reference !== classId);
  return {
    title: found.title,
    description: withoutMark(found.description),
    classId,
    fieldGroupIds: keepSpelling(known?.fieldGroupIds, groups, asSet),
  };
}

function asSet(ids: readonly string[]): string[] {
  return [...new Set(ids)].sort();
}
