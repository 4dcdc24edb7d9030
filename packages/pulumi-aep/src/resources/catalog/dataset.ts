import { isDeepStrictEqual } from "node:util";
import { defineResource, importCommand, type Leftover, type Operation, Unfinished } from "pulumi-provider-kit";
import { z } from "zod";
import { type AepClient, attemptsWhileLate, jsonOrNothing, type Refusal } from "../../client/client.ts";
import { isReferredTo } from "../../client/pages.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { majorVersionOf } from "../../client/xdm.ts";
import type { Creation } from "../create-once.ts";
import { isMarkOf, isOwnedBy, type MarkTest, markOf, ownershipInput, stackOf } from "../mark.ts";
import { afterwards, insteadOfChange, requireEmpty } from "./data-loss.ts";
import { isEnabled, isReserved, ownTags, profileTag, renamedStack, tagSteps, tagsOf } from "./dataset-tags.ts";
import { type datasetAnswer, listMarked, readDataset, readTags } from "./marked-datasets.ts";
import { daysOfPeriod, rowExpirationBody } from "./row-expiration.ts";
import { connectionsInto } from "./rows-under-way.ts";
import { holdsData } from "./stored-data.ts";

/** Attempts to change tags while no answer says whether that was done. */
const attemptsWhileLost = 5;
/** Catalog returns references: `["@/dataSets/<id>"]`. */
const references = z.array(z.string()).min(1);

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name; need not be unique." }),
  description: z.string().min(1).optional().meta({ description: "What the dataset is for." }),
  schemaId: z.string().meta({
    description: "$id of the schema of its records.",
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
    description: "Whether failed batches come with files that say what was wrong with each record; default true.",
  }),
  rowExpirationDays: z
    .number()
    .int()
    .min(30, "Platform keeps records for at least 30 days")
    .max(3650, "Platform keeps records for at most ten years, 3650 days")
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
  forceDestroy: z
    .boolean()
    .default(false)
    .meta({
      description:
        "Whether the dataset may be deleted or replaced even if it holds data, which can't be restored; default " +
        "false. The value of the last `npx pulumi up` applies.",
    }),
  keep: z
    .boolean()
    .default(false)
    .meta({
      description:
        "Whether the dataset stays in Platform when this resource is deleted or replaced, whether it holds data or not; " +
        "default false. If so, give its schema and the schema's field groups the resource option retainOnDelete.",
    }),
  ownership: ownershipInput,
});

type Inputs = z.output<typeof inputs>;

/** A dataset of the Catalog. If it holds data, it is deleted only with `forceDestroy`, like a bucket in other providers. */
export const dataset = defineResource<AepClient>()({
  type: "aep:index:Dataset",
  description:
    "A dataset of the data lake. One that holds data is neither deleted nor replaced unless it has `forceDestroy` or " +
    "`keep`; a preview says so, and a DatasetGuard says so before a destroy deletes anything. Imported by its id. " +
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
  findOwned: (operation, ownership) => findMarked(operation, isOwnedBy(ownership), "a dataset of an interrupted run"),

  async permit(operation, id, { olds, news, replaces, unknown }) {
    if (!replaces || olds.forceDestroy || olds.keep) return;
    // A preview of a schema's update does not know its version. An unknown $id is that of a new schema.
    if (unknown.includes("schemaVersion") && news.schemaId === olds.schemaId) return;
    const refused = "The change would replace it, so nothing was changed";
    const goOn = "To continue without the change, undo it.";
    await requireEmpty(operation, { id, name: olds.name }, { refused, ways: [...insteadOfChange, goOn] });
  },

  // A change of the sandbox finds the stack's datasets by this tag (see permit-move.ts), and the stack may have been renamed.
  async findPending({ client, signal, urn }, id, { ownership }) {
    if (ownership === undefined) return undefined;
    const found = (await readTags(client, id, signal)) ?? {};
    return renamedStack(found, urn, ownership) && "stack";
  },

  async permitCreation(operation, { forceDestroy, keep }, leftovers) {
    // They are absent while a preview does not know them.
    if (forceDestroy !== false || keep !== false) return;
    const refused = "It was created for this very resource, so no other dataset is created instead";
    for (const { id, inputs } of leftovers.filter(({ inUse }) => inUse)) {
      const takeIn = `If the stack has lost it, import it again: ${importCommand(operation.urn, id)}`;
      await requireEmpty(operation, { id, name: inputs.name }, { refused, ways: [...insteadOfChange, takeIn] });
    }
  },

  async create(operation, given) {
    const { client, signal, progress, urn, present } = operation;
    const hasMark = isMarkOf(urn, given.ownership);
    const creation: Creation<{ id: string }> = {
      list: (until) => listMarked(client, hasMark, `the dataset "${given.name}"`, until),
      idOf: ({ id }) => id,
      post: async () => {
        const purpose = `create the dataset "${given.name}"`;
        const contentType = `application/vnd.adobe.xed+json;version=${given.schemaVersion}`;
        const schemaRef = { id: given.schemaId, contentType };
        const body = {
          ...bodyOf(given),
          schemaRef,
          tags: tagsOf(given, { mark: markOf(urn, given.ownership), stack: stackOf(urn) }),
        };
        const call = { method: "POST", path: paths.dataSets, body, signal, purpose } as const;
        const [reference] = await client.call(call, references);
        return { id: reference?.split("/").at(-1) ?? "" };
      },
    };
    const made = await client.createOnce({ signal, progress }, present, creation, [given.schemaId]);
    if (given.rowExpirationDays !== undefined) {
      const isLate = ({ status }: Refusal) => status === 404;
      const expire = () => expireRows(operation, made.id, given);
      await client.untilAccepted(signal, attemptsWhileLate, isLate, expire).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Unfinished(made.id, {}, `The dataset was created, but keeps its records forever. ${reason}`);
      });
    }
    return { id: made.id, outputs: {} };
  },

  async read({ client, signal }, id, known) {
    const item = await readDataset(client, id, signal);
    return item && { inputs: inputsOf(item, known), outputs: {} };
  },

  async update(operation, id, { news, olds }) {
    const { client, signal } = operation;
    // An empty description removes the old one.
    const cleared = olds.description !== undefined && news.description === undefined ? { description: "" } : {};
    if (JSON.stringify(bodyOf(olds)) !== JSON.stringify(bodyOf(news))) {
      const purpose = `update the dataset "${news.name}" (${id})`;
      const body = { ...bodyOf(news), ...cleared };
      const change = { method: "PATCH", path: pathOf(paths.dataSets, id), body, signal, purpose } as const;
      await client.call({ ...change, repeatable: true }, jsonOrNothing);
    }
    await changeTags(operation, id, { news, olds });
    // Also unchanged days: the creation may have failed to set them, and the state has them nevertheless.
    if (olds.rowExpirationDays ?? news.rowExpirationDays) await expireRows(operation, id, news);
    return {};
  },

  async delete(operation, id, { name, forceDestroy, keep }) {
    const { client, signal, urn, warn } = operation;
    if (keep) {
      warn(
        `the dataset "${name}" (${id}) stays in Platform. To use it again, with its schema: ` +
          `npx pulumi config rm dataset && npx pulumi config set --path dataset.existing ${id}`,
      );
      return;
    }
    if (!forceDestroy) {
      // Its successor has the same URN, so Pulumi asks which of the two is meant.
      const choice = operation.other ? `, in a terminal, where you choose ${id}` : "";
      const forget = `To leave it in Platform and only remove it from the stack: npx pulumi state delete '${urn}'${choice}`;
      const ways = [...afterwards, forget];
      // If Platform says that it is gone, its content was not checked, so delete nothing.
      if (!(await requireEmpty(operation, { id, name }, { refused: "It is not deleted", ways }))) return;
    }
    // For an unknown id Catalog answers 200 and an empty list.
    const hint = "First delete everything that writes into it, such as a dataflow.";
    await client.deleteReleased({
      path: pathOf(paths.dataSets, id),
      signal,
      purpose: `delete the dataset "${name}" (${id})`,
      hint,
    });
  },
});

/**
 * Sets the tags that differ. Each attempt compares them with those that the dataset has now. Platform refuses a patch that removes what is
 * gone (RFC 6902), as after a lost answer, or after an update that failed later and so left the former tags in the state.
 */
async function changeTags(
  { client, signal, progress, urn }: Operation<AepClient>,
  id: string,
  { news, olds }: { readonly news: Inputs; readonly olds: Inputs },
): Promise<void> {
  // An update without any change is one for the stack's tag; see `findPending`.
  const hasChange = !isDeepStrictEqual({ ...olds, ownership: undefined }, { ...news, ownership: undefined });
  if (hasChange && isDeepStrictEqual([olds.tags, olds.profile], [news.tags, news.profile])) return;
  const dataset = `the dataset "${news.name}" (${id})`;
  const change = async () => {
    const found = await readDataset(client, id, signal);
    if (!found) throw new Error(`Could not tag ${dataset}: it is gone. Run npx pulumi refresh, then npx pulumi up.`);
    const body = tagSteps(found.tags ?? {}, olds, news, renamedStack(found.tags ?? {}, urn, olds.ownership));
    if (body.length === 0) return;
    const headers = { "Content-Type": "application/json-patch+json" };
    const path = pathOf(paths.dataSets, id);
    await client.call({ method: "PATCH", path, headers, body, signal, purpose: `tag ${dataset}` }, jsonOrNothing);
  };
  const isLost = ({ outcomeUnknown }: Refusal) => outcomeUnknown;
  await client.untilVisible({ signal, progress }, [news.schemaId], () =>
    client.untilAccepted(signal, attemptsWhileLost, isLost, change),
  );
}

/** A separate call sets how long records stay (Adobe's “Manage Experience Event dataset retention”). */
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
    hint: "Platform accepts it only for schemas of events, from 30 days up to the organization's limit.",
  } as const;
  await client.call(call, jsonOrNothing);
}

function bodyOf({ name, description, errorDiagnostics }: Inputs): object {
  return { name, ...(description === undefined ? {} : { description }), enableErrorDiagnostics: errorDiagnostics };
}

function inputsOf(found: z.output<typeof datasetAnswer>, known?: Inputs): Inputs {
  return {
    name: found.name,
    description: found.description || undefined,
    schemaId: found.schemaRef.id,
    schemaVersion: majorVersionOf(found.schemaRef.contentType),
    errorDiagnostics: found.enableErrorDiagnostics ?? known?.errorDiagnostics ?? false,
    rowExpirationDays: daysOfPeriod(found.extensions?.adobe_lakeHouse.rowExpiration.ttlValue),
    tags: ownTags(found.tags, known),
    profile: isEnabled(found.tags?.[profileTag]),
    // Exists only in the program.
    forceDestroy: known?.forceDestroy ?? false,
    keep: known?.keep ?? false,
  };
}

/** Finds datasets by their marks. If a connection leads to one, or it holds data, some run knew it. */
async function findMarked(
  { client, signal, isHeld }: Operation<AepClient>,
  hasMark: MarkTest,
  what: string,
  wanted?: Inputs,
): Promise<Leftover<Inputs>[]> {
  const marked = [];
  for (const { id, ...item } of await listMarked(client, hasMark, what, signal)) {
    const inUse =
      !isHeld(id) &&
      ((await isReferredTo(client, connectionsInto(id), signal)) || (await holdsData(client, id, signal)));
    marked.push({ id, createdAt: item.created, inputs: inputsOf(item, wanted), inUse });
  }
  return marked;
}
