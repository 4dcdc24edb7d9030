import { defineResource } from "pulumi-provider-kit";
import { z } from "zod";
import { type AepClient, isRefused } from "../../client/client.ts";
import { pathOf, paths } from "../../client/paths.ts";
import {
  experienceEvent,
  findBrokenFields,
  keepSpelling,
  normalizeDefinition,
  withoutAdditions,
} from "../../client/xdm.ts";
import { addMark, markOf, ownershipInput, withoutMark } from "../mark.ts";
import { withAdded, withoutAdded } from "./additions.ts";
import { registryItem, registryKind, registryOutputs } from "./registry-kind.ts";
import { explainNeverDeleted, findUse, isInProfile, listSchemasWith } from "./schema-users.ts";

const answer = registryItem.extend({
  definitions: z.record(z.string(), z.unknown()).nullish(),
  allOf: z.array(z.looseObject({ $ref: z.string() })).nullish(),
  "meta:intendedToExtend": z.array(z.string()).nullish(),
});

const inputs = z.object({
  title: z
    .string()
    .min(1)
    .meta({ description: "Title; unique across all field groups, schemas, classes and data types." }),
  description: z.string().min(1).optional().meta({ description: "What the field group is for." }),
  intendedToExtend: z
    .array(z.string())
    .min(1)
    .default([experienceEvent])
    .meta({ description: "$ids of the classes whose schemas may use it; default: XDM ExperienceEvent." }),
  definitions: z.record(z.string(), z.unknown()).meta({
    description:
      "Fields, as JSON schemas by name of the definition. They must be under `properties._<tenant id>`; the function " +
      "aep:index:getTenant returns the id. Once a dataset uses the field group, fields can only be added. Fields that others have added are " +
      "left alone.",
  }),
  allOf: z
    .array(z.object({ $ref: z.string() }))
    .min(1)
    .meta({ description: "References to the definitions to use: [{ $ref: '#/definitions/<name>' }]." }),
  ownership: ownershipInput,
});

type Inputs = z.output<typeof inputs>;
type Answer = z.output<typeof answer>;

const registry = registryKind({
  collection: paths.fieldGroups,
  kind: "field group",
  item: answer,
  inputsOf,
  bodyOf,
  isUsed: async (client, found, signal) => (await listSchemasWith(client, found.$id, signal)).length > 0,
});

/** A custom field group of the Schema Registry. */
export const fieldGroup = defineResource<AepClient>()({
  type: "aep:index:FieldGroup",
  description:
    "A custom field group: fields that schemas of certain classes can use. " +
    "Imported by its $id or meta:altId. Adobe: Schema Registry API, field groups endpoint.",
  inputs,
  inputOnly: ["definitions", "allOf"],
  outputs: z.object({
    altId: z.string().meta({ description: "Id in dot notation: _<tenant id>.mixins.<hash>." }),
    version: z.string().meta({ description: "Version; each change increases its minor part.", volatile: true }),
  }),
  // Titles are unique.
  deleteBeforeReplace: true,

  check({ definitions, allOf = [] }) {
    if (!definitions) return [];
    const missing = allOf.flatMap(({ $ref }, index) => {
      const name = $ref.match(/^#\/definitions\/(.+)$/)?.[1];
      if (name === undefined || name in definitions) return [];
      return [{ property: `allOf[${index}].$ref`, reason: `There is no definition "${name}" in definitions.` }];
    });
    const misplaced = Object.entries(definitions).flatMap(([name, definition]) =>
      Object.keys(propertiesOf(definition)).flatMap((field) => {
        if (field.startsWith("_")) return [];
        const property = `definitions.${name}.properties.${field}`;
        return [{ property, reason: "Custom fields must be under _<tenant id>; aep:index:getTenant returns it." }];
      }),
    );
    return [...missing, ...misplaced];
  },

  normalize: (given) => ({ ...given, definitions: normalizeDefinition(given.definitions) }),

  leftovers: registry.leftovers,
  findOwned: registry.findOwned,
  foreseeCreation: registry.foreseeCreation,
  create: registry.create,

  async read({ client, signal }, id, known) {
    const found = await registry.find(client, id, signal);
    if (!found) return undefined;
    return {
      id: found.$id,
      inputs: inputsOf(known ? withoutOthers(found, known) : found, known),
      outputs: registryOutputs(found),
    };
  },

  async foresee({ client, signal, warn }, id, { news, olds }) {
    const broken = findBrokenBetween(olds, news);
    if (broken.length === 0) return;
    const what = `The change of the field group "${news.title}" removes fields, or gives them another type or fewer values (${broken.join(", ")}).`;
    for (const { $id, title } of await listSchemasWith(client, id, signal)) {
      const use = await findUse(client, $id, signal);
      if (use === undefined) continue;
      throw new Error(
        `${what} Platform refuses that, since the schema "${title}" (${$id}) ${use}: from then on fields can only be added. ` +
          "Leave those fields unchanged, and add new ones beside them.",
      );
    }
    warn(
      `${what} No dataset uses a schema with this field group now. Platform accepts the change only if none ever did, not even one that is ` +
        "deleted by now.",
    );
  },

  async update({ client, signal, urn }, id, { news, olds }) {
    const found = await registry.findPresent(client, id, signal);
    return registry.replace(client, id, {
      body: bodyOf(withOthers(news, found, olds), markOf(urn, news.ownership)),
      signal,
      purpose: `update the field group "${news.title}"`,
      ...hintFor(olds, news),
    });
  },

  async delete({ client, signal, urn }, id, { title }) {
    const hint =
      "Platform keeps a field group as long as a schema uses it: first remove it from those schemas. If an update of a schema of this " +
      "stack was interrupted, npx pulumi up records in the state what the schema uses; then run the command again.";
    const purpose = `delete the field group "${title}"`;
    // If the answer to a schema's update was lost, the engine may delete the schema together with the group, not before it.
    try {
      await client.deleteReleased({ path: pathOf(paths.fieldGroups, id), signal, purpose, hint });
    } catch (error) {
      const refusal = client.refusal(error);
      if (!refusal || !isRefused(refusal)) throw error;
      // If the lookup fails, the refusal says more than its error.
      const schema = await findSchemaInProfile(client, id, signal).catch(() => undefined);
      if (!schema) throw error;
      const what = `The field group "${title}" (${id}) belongs to the schema "${schema.title}" (${schema.$id}), which has been`;
      throw explainNeverDeleted(`${what} enabled for Profile, and Platform never removes it from Profile`, urn);
    }
  },
});

/** The Profile-enabled schema that uses the field group, if any. */
async function findSchemaInProfile(client: AepClient, id: string, signal: AbortSignal) {
  for (const schema of await listSchemasWith(client, id, signal)) {
    if (await isInProfile(client, schema.$id, signal)) return schema;
  }
  return undefined;
}

/** The field group without what others have added to it. */
function withoutOthers(found: Answer, { definitions, allOf }: Inputs): Answer {
  const own = allOf.map(({ $ref }) => $ref);
  return {
    ...found,
    definitions: withoutAdded(found.definitions ?? {}, definitions),
    allOf: (found.allOf ?? []).filter(({ $ref }) => own.includes($ref)),
  };
}

/** The wanted field group with what others have added to it, which a PUT would remove. */
function withOthers(news: Inputs, found: Answer, olds: Inputs): Inputs {
  const present = withoutAdditions(found.definitions ?? {}) as Inputs["definitions"];
  const own = [...news.allOf, ...olds.allOf].map(({ $ref }) => $ref);
  const added = (found.allOf ?? []).filter(({ $ref }) => !own.includes($ref)).map(({ $ref }) => ({ $ref }));
  return {
    ...news,
    definitions: withAdded(news.definitions, present, olds.definitions),
    allOf: [...news.allOf, ...added],
  };
}

function bodyOf(given: Inputs, mark: string): object {
  return {
    type: "object",
    title: given.title,
    description: addMark(given.description, mark),
    "meta:intendedToExtend": given.intendedToExtend,
    definitions: given.definitions,
    allOf: given.allOf,
  };
}

function inputsOf(found: Answer, known?: Inputs): Inputs {
  const definitions = withoutAdditions(found.definitions ?? {}) as Inputs["definitions"];
  return {
    title: found.title,
    description: withoutMark(found.description),
    intendedToExtend: found["meta:intendedToExtend"] ?? [],
    definitions: keepSpelling(known?.definitions, definitions, normalizeDefinition),
    allOf: (found.allOf ?? []).map(({ $ref }) => ({ $ref })),
  };
}

function findBrokenBetween(olds: Inputs, news: Inputs): string[] {
  const [before, after] = [olds, news].map(
    ({ definitions }) => normalizeDefinition(definitions) as Inputs["definitions"],
  );
  return findBrokenFields(before ?? {}, after ?? {});
}

/** Why Platform may refuse a change: once a dataset exists, changes must be compatible with stored data. */
function hintFor(olds: Inputs, news: Inputs): { hint?: string } {
  const broken = findBrokenBetween(olds, news);
  if (broken.length === 0) return {};
  return {
    hint:
      `The change removes fields, or gives them another type or fewer values (${broken.join(", ")}). Platform allows that only if no ` +
      "dataset has ever used the schema, not even one that is deleted by now: leave the field unchanged and add a new one beside it.",
  };
}

const withProperties = z.object({ properties: z.record(z.string(), z.unknown()) });

function propertiesOf(definition: unknown): object {
  const parsed = withProperties.safeParse(definition);
  return parsed.success ? parsed.data.properties : {};
}
