import { z } from "zod";
import { defineResource, type Leftover, type Operation, Unfinished } from "../kit/resource-definition.ts";
import type { AepClient } from "./client.ts";
import { isEnabled, isReserved, markTag, ownTags, profileTag, tagSteps, tagsOf } from "./dataset-tags.ts";
import { type Bears, isMarkOf, isOwnedBy, markOf, ownershipInput } from "./mark.ts";
import { pathOf, paths } from "./paths.ts";
import { daysOf, rowExpirationBody } from "./row-expiration.ts";
import { versionOf } from "./xdm.ts";

const answer = z.object({
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
// What others made may lack a schema.
const listAnswer = z.record(z.string(), z.unknown());
/** Catalog answers references: `["@/dataSets/<id>"]`. */
const references = z.array(z.string()).min(1);

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name; need not be unique." }),
  description: z.string().min(1).optional().meta({ description: "What the dataset is for." }),
  schemaId: z.string().meta({
    description: "$id of the schema that its records follow.",
    replaces: true,
    references: "aep:index:Schema",
  }),
  schemaVersion: z
    .number()
    .int()
    .positive()
    .default(1)
    .meta({ description: "Major version of the schema; default 1.", replaces: true }),
  errorDiagnostics: z.boolean().default(true).meta({
    description: "Whether failed batches come with files that tell what was wrong with each record; default true.",
  }),
  rowExpirationDays: z
    .number()
    .int()
    .min(30, "Platform keeps records for 30 days at least")
    .max(3650, "Platform takes ten years, 3650 days, at most")
    .optional()
    .meta({
      description:
        "Days after their timestamp after which records are deleted from the data lake, 30 to 3650; default: never. " +
        "For schemas of events only. Deleted records can't be recovered.",
    }),
  tags: z.record(z.string(), z.array(z.string())).optional().meta({
    description: "Catalog tags: a list of values by name. Other tags that the dataset has are left alone.",
  }),
  profile: z
    .boolean()
    .default(false)
    .meta({
      description:
        "Whether records go to Real-Time Customer Profile and Identity Service; default false. Needs a schema that is " +
        "enabled for Profile.",
    }),
  ownership: ownershipInput,
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

  check: ({ tags = {} }) =>
    Object.keys(tags)
      .filter(isReserved)
      .map((name) => ({
        property: `tags[${JSON.stringify(name)}]`,
        reason: `The tag "${name}" belongs to Platform or this provider; Profile is the property "profile".`,
      })),

  leftovers: (operation, wanted) =>
    findMarked(operation, isMarkOf(operation.urn, wanted.ownership), `the dataset "${wanted.name}"`, wanted),
  owned: (operation, ownership) => findMarked(operation, isOwnedBy(ownership), "a dataset of an interrupted run"),

  async create(operation, given) {
    const { client, signal, progress, urn, present } = operation;
    const bears = isMarkOf(urn, given.ownership);
    const made = await client.createOnce({ signal, progress }, present, {
      list: (until) => listMarked(client, bears, `the dataset "${given.name}"`, until),
      idOf: ({ id }) => id,
      post: async () => {
        const purpose = `create the dataset "${given.name}"`;
        const contentType = `application/vnd.adobe.xed+json;version=${given.schemaVersion}`;
        const schemaRef = { id: given.schemaId, contentType };
        const body = { ...bodyOf(given), schemaRef, tags: tagsOf(given, markOf(urn, given.ownership)) };
        const call = { method: "POST", path: paths.dataSets, body, signal, purpose } as const;
        const [reference] = await client.call(call, references);
        return { id: reference?.split("/").at(-1) ?? "" };
      },
    });
    if (given.rowExpirationDays !== undefined) {
      await expireRows(operation, made.id, given).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Unfinished(made.id, {}, `The dataset was made, but keeps its records for ever. ${reason}`);
      });
    }
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

  async update(operation, id, { news, olds }) {
    const { client, signal } = operation;
    // An empty description takes the old one away.
    const cleared = olds.description !== undefined && news.description === undefined ? { description: "" } : {};
    const purpose = `update the dataset "${news.name}" (${id})`;
    const change = { method: "PATCH", path: pathOf(paths.dataSets, id), signal, purpose, repeatable: true } as const;
    await client.call({ ...change, body: { ...bodyOf(news), ...cleared } }, references);
    const steps = tagSteps(olds, news);
    if (steps.length > 0) {
      const headers = { "Content-Type": "application/json-patch+json" };
      await client.call(
        { ...change, headers, body: steps, purpose: `tag the dataset "${news.name}" (${id})` },
        references,
      );
    }
    if (olds.rowExpirationDays !== news.rowExpirationDays) await expireRows(operation, id, news);
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

/** How long records stay is set by a call of its own (Adobe's “Manage Experience Event dataset retention”). */
async function expireRows(
  { client, signal }: Pick<Operation<AepClient>, "client" | "signal">,
  id: string,
  { name, rowExpirationDays }: Inputs,
): Promise<void> {
  const call = {
    method: "PATCH",
    path: pathOf(paths.dataSetsMerge, id),
    body: rowExpirationBody(rowExpirationDays),
    signal,
    purpose: `set how long the dataset "${name}" (${id}) keeps its records`,
    repeatable: true,
    hint: "Platform takes it for schemas of events only, from 30 days up to what the organization is entitled to.",
  } as const;
  await client.call(call, references);
}

function bodyOf({ name, description, errorDiagnostics }: Inputs): object {
  return { name, ...(description === undefined ? {} : { description }), enableErrorDiagnostics: errorDiagnostics };
}

function inputsOf(found: z.output<typeof answer>, known?: Inputs): Inputs {
  return {
    name: found.name,
    description: found.description || undefined,
    schemaId: found.schemaRef.id,
    schemaVersion: versionOf(found.schemaRef.contentType),
    errorDiagnostics: found.enableErrorDiagnostics ?? known?.errorDiagnostics ?? false,
    rowExpirationDays: daysOf(found.extensions?.adobe_lakeHouse.rowExpiration.ttlValue),
    tags: ownTags(found.tags, known),
    profile: isEnabled(found.tags?.[profileTag]),
  };
}

/** Datasets by their marks; one that a connection leads to, or that has got data, was known to a run. */
async function findMarked(
  { client, signal, isHeld }: Operation<AepClient>,
  bears: Bears,
  what: string,
  wanted?: Inputs,
): Promise<Leftover<Inputs>[]> {
  const marked = [];
  for (const { id, ...item } of await listMarked(client, bears, what, signal)) {
    const inUse = !isHeld(id) && ((await isTarget(client, id, signal)) || (await hasData(client, id, signal)));
    marked.push({ id, createdAt: item.created, inputs: inputsOf(item, wanted), inUse });
  }
  return marked;
}

async function listMarked(client: AepClient, bears: Bears, what: string, signal: AbortSignal) {
  // Newest first and compared here, since how a filter by tags reads a value is not documented.
  const properties = "name,description,enableErrorDiagnostics,schemaRef,tags,extensions,created";
  const path = `${paths.dataSets}?orderBy=desc:created&limit=100&properties=${properties}`;
  const purpose = `look whether ${what} is there already`;
  const listed = await client.call({ method: "GET", path, signal, purpose }, listAnswer);
  return Object.entries(listed).flatMap(([id, value]) => {
    const parsed = answer.safeParse(value);
    return parsed.success && parsed.data.tags?.[markTag]?.some(bears) ? [{ id, ...parsed.data }] : [];
  });
}

/** Whether a target connection leads to the dataset. */
async function isTarget(client: AepClient, id: string, signal: AbortSignal): Promise<boolean> {
  const path = `${paths.targetConnections}?property=params.dataSetId==${id}&limit=1`;
  const call = { method: "GET", path, signal, purpose: `look for connections that lead to the dataset ${id}` } as const;
  return (await client.call(call, z.object({ items: z.array(z.unknown()) }))).items.length > 0;
}

async function hasData(client: AepClient, id: string, signal: AbortSignal): Promise<boolean> {
  const path = `${paths.batches}?dataSet=${id}&limit=1`;
  const call = { method: "GET", path, signal, purpose: `look whether the dataset ${id} holds data` } as const;
  return Object.keys(await client.call(call, listAnswer)).length > 0;
}
