import { defineResource, type Leftover } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { maximumPreviewRecords } from "../../client/mapping-preview.ts";
import { listFlowObjects, listMappingSets } from "../../client/pages.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { timestamp } from "../../client/timestamp.ts";
import { keepSpelling, majorVersionOf } from "../../client/xdm.ts";
import type { Creation } from "../create-once.ts";
import { isOwnedBy, markOf, ownershipInput } from "../mark.ts";
import { pickListed } from "../pick-listed.ts";
import { proveMappings } from "./mapping-proof.ts";

const sourceTypes = ["ATTRIBUTE", "EXPRESSION", "STATIC"] as const;

/** Data Prep returns each mapping in its current or its older spelling. */
const mappingAnswer = z.object({
  sourceType: z.string().nullish(),
  source: z.string().nullish(),
  sourceAttribute: z.string().nullish(),
  sourceExpression: z.string().nullish(),
  destination: z.string().nullish(),
  destinationXdmPath: z.string().nullish(),
});
const answer = z.object({
  id: z.string(),
  version: z.coerce.number(),
  outputSchema: z.object({ schemaRef: z.object({ id: z.string(), contentType: z.string().optional() }) }),
  mappings: z.array(mappingAnswer),
});
const listedSet = answer.extend({ name: z.string().nullish(), createdDate: timestamp.optional().catch(undefined) });
const labelAnswer = z.object({ id: z.string(), name: z.string() });
const creationAnswer = z.object({ id: z.string(), version: z.coerce.number() });

const inputs = z.object({
  schemaId: z.string().meta({ description: "$id of the schema that records are mapped to: the dataset's schema." }),
  schemaVersion: z
    .number()
    .int()
    .positive()
    .default(1)
    .meta({ description: "Major version of the schema; default 1." }),
  mappings: z
    .array(
      z.object({
        sourceType: z.enum(sourceTypes).meta({
          description:
            "ATTRIBUTE: source is a path; EXPRESSION: source is a Data Prep expression; STATIC: source is the value.",
        }),
        source: z.string().meta({
          description:
            "Where the value comes from. An expression may have 4096 characters; it is checked before anything is created.",
        }),
        destination: z
          .string()
          .min(1)
          .meta({ description: "Path of the field in the schema: _<tenant id>.customerio.email." }),
      }),
    )
    .min(1)
    .meta({ description: "The mappings, in any order." }),
  samples: z
    .array(z.string().refine(isJsonObject, "it must be the text of a JSON object"))
    .max(maximumPreviewRecords)
    .optional()
    .meta({
      description:
        "Records as JSON texts, on which Platform tests the mapping before the set is created. If the mapping fails on one, no set is created. " +
        "Matters only on creation. Default: none.",
      creation: true,
      packed: true,
    }),
  ownership: ownershipInput,
});

type Inputs = z.output<typeof inputs>;
type ListedSet = z.output<typeof listedSet>;
export type Mapping = Inputs["mappings"][number];

/** A mapping set of Data Prep. It is never updated: each change creates a new set, which the dataflow then uses. */
export const mappingSet = defineResource<AepClient>()({
  type: "aep:index:MappingSet",
  description:
    "A mapping set: how source attributes become fields of a schema. A change creates a new set. Imported by its id. " +
    "Adobe: Data Prep API, mappingSets endpoint.",
  inputs,
  inputOnly: ["mappings", "samples"],
  outputs: z.object({
    version: z.number().int().meta({ description: "Version of the set, which a dataflow refers to." }),
  }),

  async check({ mappings = [] }, warn) {
    const { checkMappings } = await import("./mapping-check.ts");
    return checkMappings(mappings, warn);
  },

  normalize: (given) => ({ ...given, mappings: byDestination(given.mappings) }),

  async leftovers({ client, signal, urn }, wanted) {
    return withUse(client, await listMade(client, wanted, urn, signal), signal, wanted);
  },

  async findOwned({ client, signal }, ownership) {
    const purpose = "look for mapping sets of interrupted runs";
    const hasMark = isOwnedBy(ownership);
    return withUse(client, await list(client, { purpose }, (name) => hasMark(markIn(name)), signal), signal);
  },

  async create(operation, given) {
    const { schemaId, schemaVersion, mappings } = given;
    const { client, signal, progress, urn, present } = operation;
    const contentType = `application/vnd.adobe.xed-full+json;version=${schemaVersion}`;
    const records = (given.samples ?? []).map((text) => JSON.parse(text));
    if (records.length > 0) await proveMappings(operation, { schemaId, schemaVersion, mappings }, records);
    const body = {
      name: nameOf(markOf(urn, given.ownership)),
      outputSchema: { schemaRef: { id: schemaId, contentType } },
      mappings,
    };
    const purpose = `create the mapping set for the schema ${schemaId}`;
    const creation: Creation<z.output<typeof creationAnswer>> = {
      list: (until) => listMade(client, given, urn, until),
      idOf: ({ id }) => id,
      post: () => client.call({ method: "POST", path: paths.mappingSets, body, signal, purpose }, creationAnswer),
    };
    const made = await client.createOnce({ signal, progress }, present, creation, [schemaId]);
    return { id: made.id, outputs: { version: made.version } };
  },

  async read({ client, signal }, id, known, stored) {
    const version = known ? stored?.version : await versionInUse(client, id, signal);
    const found = await find(client, id, signal, version);
    return found && { inputs: inputsOf(found, known), outputs: { version: found.version } };
  },

  async delete({ client, signal }, id) {
    await client.deleteIfPossible({
      path: pathOf(paths.mappingSets, id),
      signal,
      purpose: `delete the mapping set ${id}`,
    });
  },
});

/** @param version default: what Data Prep takes for it, which is 0 in its API description */
function find(client: AepClient, id: string, signal: AbortSignal, version?: number): Promise<ListedSet | undefined> {
  const purpose = `read the mapping set ${id}`;
  const path = pathOf(paths.mappingSets, id) + (version === undefined ? "" : `?version=${version}`);
  return client.find({ method: "GET", path, signal, purpose }, listedSet);
}

const userAnswer = z.object({
  transformations: z.array(
    z.object({
      params: z.object({ mappingId: z.string(), mappingVersion: z.coerce.number() }).nullish().catch(undefined),
    }),
  ),
});

/** The version of a set that a dataflow uses, the newest if several do. An import must not take an older one for the set's content. */
async function versionInUse(client: AepClient, id: string, signal: AbortSignal): Promise<number | undefined> {
  const purpose = `look for dataflows that use the mapping set ${id}`;
  const flows = await listFlowObjects(
    client,
    { collection: paths.flows, query: "orderby=-createdAt", purpose },
    signal,
  );
  const used = flows
    .flatMap((flow) => userAnswer.safeParse(flow).data?.transformations ?? [])
    .flatMap(({ params }) => (params?.mappingId === id ? params.mappingVersion : []));
  return used.length === 0 ? undefined : Math.max(...used);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** The name of a resource's sets, which no screen of Platform shows. It serves as the mark. */
function nameOf(mark: string): string {
  return `Pulumi ${mark}`;
}

function markIn(name: string | null | undefined): string | undefined {
  return name?.match(/^Pulumi (\S+)$/)?.[1];
}

/** Adds whether a dataflow uses a set: then some run knew it. */
async function withUse(client: AepClient, sets: readonly ListedSet[], signal: AbortSignal, wanted?: Inputs) {
  if (sets.length === 0) return [];
  const flows = {
    collection: paths.flows,
    query: "orderby=-createdAt",
    purpose: "look for dataflows that use the mapping sets",
  };
  const used = JSON.stringify(await listFlowObjects(client, flows, signal));
  return sets.map((set): Leftover<Inputs> => {
    const { id, createdDate: createdAt } = set;
    return { id, createdAt, inputs: inputsOf(set, wanted), inUse: used.includes(JSON.stringify(id)) };
  });
}

/** The sets created for the resource, including those of earlier changes that Data Prep has not deleted. */
async function listMade(client: AepClient, { schemaId, ownership }: Inputs, urn: string, signal: AbortSignal) {
  const name = nameOf(markOf(urn, ownership));
  const filter = `name=${encodeURIComponent(name)}`;
  const purpose = `check whether a mapping set for the schema ${schemaId} is there already`;
  return list(client, { filter, purpose }, (given) => given === name, signal);
}

/** Lists the sets with certain names. */
async function list(
  client: AepClient,
  which: { readonly filter?: string; readonly purpose: string },
  isWanted: (name: string) => boolean,
  signal: AbortSignal,
): Promise<ListedSet[]> {
  return pickListed(await listMappingSets(client, which, signal), {
    label: labelAnswer,
    isWanted: (label) => isWanted(label.name),
    item: listedSet,
    read: ({ id }) => find(client, id, signal),
  });
}

function inputsOf(found: z.output<typeof answer>, known?: Inputs): Inputs {
  const { id: schemaId, contentType } = found.outputSchema.schemaRef;
  return {
    schemaId,
    schemaVersion: majorVersionOf(contentType),
    mappings: keepSpelling(known?.mappings, found.mappings.map(mappingOf), byDestination),
  };
}

function mappingOf(found: z.output<typeof mappingAnswer>): Mapping {
  return {
    sourceType: sourceTypeOf(found),
    source: found.source ?? found.sourceAttribute ?? found.sourceExpression ?? "",
    destination: found.destination ?? found.destinationXdmPath ?? "",
  };
}

function sourceTypeOf({ sourceType, sourceExpression }: z.output<typeof mappingAnswer>): Mapping["sourceType"] {
  const known = sourceTypes.find((type) => type === sourceType);
  if (known) return known;
  // Media types are the older spelling: text/x.schema-path for attributes, text/x.aep-xl for expressions.
  if (sourceType === "text/x.schema-path") return "ATTRIBUTE";
  return sourceType === "text/x.aep-xl" || sourceExpression ? "EXPRESSION" : "ATTRIBUTE";
}

function byDestination(mappings: readonly Mapping[]): Mapping[] {
  return mappings.toSorted((one, other) => (one.destination < other.destination ? -1 : 1));
}
