import { type Leftover, type Operation, Unfinished } from "pulumi-provider-kit";
import { z } from "zod";
import { type AepClient, jsonOrNothing, type Refusal } from "../../client/client.ts";
import { isReferredTo, listFlowObjects } from "../../client/pages.ts";
import { pathOf } from "../../client/paths.ts";
import { timestamp } from "../../client/timestamp.ts";
import type { Creation } from "../create-once.ts";
import { addMark, isMarkOf, isOwnedBy, type MarkTest, markIn, markOf, withoutMark } from "../mark.ts";
import { pickListed } from "../pick-listed.ts";

/** The properties of every Flow Service object. */
export const flowServiceItem = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  state: z.string(),
  etag: z.string().nullish(),
  /** The same as the etag. */
  version: z.string().nullish(),
  createdAt: timestamp.optional().catch(undefined),
});

/** A kind of Flow Service object. */
export interface FlowServiceKind<Item extends typeof flowServiceItem = typeof flowServiceItem> {
  readonly collection: string;
  /** For messages. */
  readonly name: string;
  /** What is read of an object. */
  readonly item: Item;
  /** The collection of what uses such an object, and the property there that names it. */
  readonly users: { readonly collection: string; readonly property: string };
}

const labelAnswer = z.object({ id: z.string(), description: z.string().nullish(), state: z.string().optional() });

/** A step of a JSON Patch. The Flow Service accepts these three, in lower case. */
export interface PatchStep {
  readonly op: "add" | "replace" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

/** The inputs of every Flow Service resource. */
export interface Labeled {
  readonly name: string;
  readonly description?: string | undefined;
  readonly ownership?: string | undefined;
}

/** What calls need. */
export type Access = Pick<Operation<AepClient>, "client" | "signal">;

/** Attempts while an object changes its state: two minutes, at the usual two seconds each. */
const attemptsInTransition = 60;
/** Attempts of a change whose etag is stale or whose answer was lost. */
const attemptsOfChange = 5;
/** Looks for an object that was just created: half a minute. */
const looksForNew = 15;
/** Attempts to delete a connection that a dataflow still seems to use: two minutes, since Platform may take a while to delete that. */
const attemptsWhileUsed = 60;

/** Reads an object of a collection; undefined if it is gone, or about to be. */
export async function findItem<Item extends typeof flowServiceItem>(
  { client, signal }: Access,
  { collection, name, item }: FlowServiceKind<Item>,
  id: string,
): Promise<z.output<Item> | undefined> {
  const purpose = `read the ${name} ${id}`;
  const answer = z.object({ items: z.array(item).min(1) });
  const found = await client.find({ method: "GET", path: pathOf(collection, id), signal, purpose }, answer);
  const [read] = found?.items ?? [];
  return read && isLeaving(read) ? undefined : read;
}

/** Reads an object that must exist. */
export async function getItem<Item extends typeof flowServiceItem>(
  access: Access,
  kind: FlowServiceKind<Item>,
  id: string,
): Promise<z.output<Item>> {
  const found = await findItem(access, kind, id);
  if (found) return found;
  throw new Error(
    `The ${kind.name} ${id} is gone: it was deleted in Experience Platform. ` +
      "Run npx pulumi refresh, then npx pulumi up, which recreates it.",
  );
}

/** Reads an object that was just created: Platform may say for a moment that it does not exist. */
export async function getNewItem<Item extends typeof flowServiceItem>(
  access: Access,
  kind: FlowServiceKind<Item>,
  id: string,
): Promise<z.output<Item>> {
  for (let look = 1; look < looksForNew && !access.signal.aborted; look++) {
    const found = await findItem(access, kind, id);
    if (found) return found;
    await access.client.pause(access.signal);
  }
  return getItem(access, kind, id);
}

/** The parts of a resource definition that find a kind of object by its mark. */
export function byMark<Item extends typeof flowServiceItem, Inputs extends Labeled>(
  kind: FlowServiceKind<Item>,
  inputsOf: (item: z.output<Item>, wanted?: Inputs) => Inputs,
) {
  const find = async (
    { client, signal, isHeld }: Operation<AepClient>,
    hasMark: MarkTest,
    what: string,
    wanted?: Inputs,
  ) => {
    const marked: Leftover<Inputs>[] = [];
    for (const found of await listMarked(client, kind, { hasMark, what }, signal)) {
      const { id, createdAt } = found;
      const inUse = !isHeld(id) && (await isInUse(client, kind, id, signal));
      marked.push({ id, createdAt, inputs: inputsOf(found, wanted), inUse });
    }
    return marked;
  };
  return {
    leftovers: (operation: Operation<AepClient>, wanted: Inputs) =>
      find(operation, isMarkOf(operation.urn, wanted.ownership), `the ${kind.name} "${wanted.name}"`, wanted),
    findOwned: (operation: Operation<AepClient>, ownership: string) =>
      find(operation, isOwnedBy(ownership), `a ${kind.name} of an interrupted run`),
  };
}

function isInUse(
  client: AepClient,
  { name, users: { collection, property } }: FlowServiceKind,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  const purpose = `look for what uses the ${name} ${id}`;
  return isReferredTo(client, { collection, path: property, id, purpose }, signal);
}

async function listMarked<Item extends typeof flowServiceItem>(
  client: AepClient,
  kind: FlowServiceKind<Item>,
  { hasMark, what }: { readonly hasMark: MarkTest; readonly what: string },
  signal: AbortSignal,
): Promise<z.output<Item>[]> {
  // Newest first, and compared here, since a filter only compares whole descriptions.
  const purpose = `check whether ${what} is there already`;
  const list = { collection: kind.collection, query: "orderby=-createdAt", purpose };
  return pickListed(await listFlowObjects(client, list, signal), {
    label: labelAnswer,
    isWanted: (listed) => hasMark(markIn(listed.description)) && !isLeaving(listed),
    item: kind.item,
    read: ({ id }) => findItem({ client, signal }, kind, id),
  });
}

/** Creates an object once, with the resource's mark in its description. Returns the id. */
export async function createItem<Item extends typeof flowServiceItem>(
  { client, signal, progress, urn, present }: Operation<AepClient>,
  kind: FlowServiceKind<Item>,
  { name, description, ownership }: Labeled,
  others: object,
  needs: readonly (string | undefined)[] = [],
): Promise<string> {
  const body = { name, description: addMark(description, markOf(urn, ownership)), ...others };
  const look = { hasMark: isMarkOf(urn, ownership), what: `the ${kind.name} "${name}"` };
  const creation: Creation<{ id: string }> = {
    list: (until) => listMarked(client, kind, look, until),
    idOf: ({ id }) => id,
    post: () => {
      const purpose = `create the ${kind.name} "${name}"`;
      const answer = z.object({ id: z.string() });
      return client.call({ method: "POST", path: kind.collection, body, signal, purpose }, answer);
    },
  };
  const made = await client.createOnce({ signal, progress }, present, creation, needs);
  return made.id;
}

/**
 * Changes an object with a JSON Patch. Each attempt computes the steps from the current object with its current etag. So a
 * patch is simply repeated if it came too late (412), its answer was lost, or the object was changing its state.
 */
export async function patchItem<Item extends typeof flowServiceItem>(
  access: Access,
  kind: FlowServiceKind<Item>,
  id: string,
  steps: (item: z.output<Item>) => PatchStep[],
): Promise<void> {
  const { client, signal } = access;
  await retryUntilAccepted(access, async () => {
    const found = await getItem(access, kind, id);
    const body = steps(found);
    if (body.length === 0) return;
    const purpose = `update the ${kind.name} "${found.name}" (${id})`;
    const etag = found.etag ?? found.version;
    const call = { method: "PATCH", path: pathOf(kind.collection, id), body, signal, purpose } as const;
    await client.call(etag ? { ...call, headers: { "If-Match": etag } } : call, jsonOrNothing);
  });
}

/**
 * Waits for what an object that was created or changed still needs. If that fails, the object stays in the stack's state with its known
 * outputs, so that the next `up` continues.
 *
 * @param done what was done, as the beginning of a sentence
 */
export async function keepOnError<Outputs extends object>(
  id: string,
  done: string,
  stored: Partial<Outputs>,
  work: () => Promise<Outputs>,
): Promise<Outputs> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const outputs = error instanceof Unfinished ? { ...stored, ...error.outputs } : stored;
    throw new Unfinished(id, outputs, `${done}, but is not ready: ${reason} Run npx pulumi up again to continue.`);
  }
}

/** The steps to the wanted name and description; a new description carries the resource's mark. */
export function labelSteps(
  found: { name: string; description?: string | null | undefined },
  wanted: Labeled,
  urn: string,
): PatchStep[] {
  const steps: PatchStep[] = [];
  if (found.name !== wanted.name) steps.push({ op: "replace", path: "/name", value: wanted.name });
  if (withoutMark(found.description) === wanted.description) return steps;
  const value = addMark(wanted.description, markOf(urn, wanted.ownership));
  return [...steps, { op: found.description ? "replace" : "add", path: "/description", value }];
}

/** The states between which a dataflow can be switched. */
export type FlowState = "enabled" | "disabled";

/** Enables or disables a dataflow that has the opposite state. */
export async function switchFlow(access: Access, kind: FlowServiceKind, id: string, wanted: FlowState): Promise<void> {
  const { client, signal } = access;
  const [op, opposite] = wanted === "enabled" ? ["enable", "disabled"] : ["disable", "enabled"];
  await retryUntilAccepted(access, async () => {
    const found = await getItem(access, kind, id);
    if (found.state !== opposite) return;
    const path = `${pathOf(kind.collection, id)}/action?op=${op}`;
    const purpose = `${op} the ${kind.name} "${found.name}" (${id})`;
    await client.call({ method: "POST", path, signal, purpose }, jsonOrNothing);
  });
}

/** Deletes an object; waits while it changes its state, or while a dataflow that was just deleted still seems to use it. */
export function deleteItem(access: Access, kind: FlowServiceKind, id: string): Promise<void> {
  return untilSettled(access, () => deleteUnused(access, kind, id));
}

/** States of a connection that still has to be deleted: enabled, or changing its state (Flow Service API; "Flow Service error messages", 1417). */
const remainingStates = ["enabled", "initializing", "inProgress", "updating", "enabling", "disabling"];

/**
 * Deletes a connection. Deleting a dataflow may deactivate its connections, which then refuse a DELETE with a 400, for good: with 1416, for
 * example, in a state that nothing changes. So its state decides after each refusal.
 */
export function deleteConnection(access: Access, kind: FlowServiceKind, id: string): Promise<void> {
  return untilSettled(access, async () => {
    try {
      await deleteUnused(access, kind, id);
    } catch (error) {
      const refusal = access.client.refusal(error);
      if (refusal?.status !== 400 || isUsed(refusal)) throw error;
      const found = await findItem(access, { ...kind, item: flowServiceItem }, id);
      if (remainingStates.includes(found?.state ?? "")) throw error;
    }
  });
}

function deleteUnused({ client, signal }: Access, { collection, name }: FlowServiceKind, id: string): Promise<void> {
  const purpose = `delete the ${name} ${id}`;
  const remove = () => client.delete({ path: pathOf(collection, id), signal, purpose });
  return client.untilAccepted(signal, attemptsWhileUsed, isUsed, remove);
}

/** Repeats a change if reading the object again can help. */
function retryUntilAccepted(access: Access, change: () => Promise<void>): Promise<void> {
  const staleOrLost = ({ status = 500, outcomeUnknown }: Refusal) => status === 412 || status >= 500 || outcomeUnknown;
  return untilSettled(access, () => access.client.untilAccepted(access.signal, attemptsOfChange, staleOrLost, change));
}

/** Repeats a call that Platform refuses while the object changes its state. */
function untilSettled({ client, signal }: Access, attempt: () => Promise<void>): Promise<void> {
  return client.untilAccepted(signal, attemptsInTransition, isTransitional, attempt);
}

/** Dataflows still use the connection, or a base connection through its source connections (flow-service-errors.md). */
function isUsed({ flowCode }: Refusal): boolean {
  return flowCode === 1447 || flowCode === 1418;
}

/** The object is changing its state, so nothing can be done with it now (flow-service-errors.md). */
function isTransitional({ flowCode }: Refusal): boolean {
  return flowCode !== undefined && [1416, 1417, 1420, 1421, 1422, 1457, 1458].includes(flowCode);
}

/** Platform is deleting the object, which it shows until it has: it can't be used, and goes by itself (flow-service-errors.md). */
function isLeaving({ state }: { readonly state?: string | undefined }): boolean {
  return state === "delete-finalizing";
}
