import { z } from "zod";
import type { Leftover, Operation } from "../kit/resource-definition.ts";
import { type AepClient, json, type Refusal } from "./client.ts";
import { bearsMark, described, withoutMark } from "./mark.ts";
import { pathOf, paths } from "./paths.ts";

/** What every object of the Flow Service has. */
export const flowServiceItem = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  state: z.string(),
  etag: z.string(),
  createdAt: z.number().optional(),
});

/** A step of a JSON Patch; the Flow Service takes these three, in lower case. */
export interface PatchStep {
  readonly op: "add" | "replace" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

/** What it takes to make calls. */
export type Access = Pick<Operation<AepClient>, "client" | "signal">;

/** Tries while an object's state is on its way to another; at the usual two seconds each, two minutes. */
const attemptsInTransition = 60;
/** Tries of a change whose etag went stale or whose answer was lost. */
const attemptsOfChange = 5;
/** Tries of deleting a connection that a dataflow still seems to use; half a minute, since it may be in earnest. */
const attemptsWhileUsed = 15;

/** One object, by the path of its collection; undefined when it is gone. */
export async function findItem<Item extends typeof flowServiceItem>(
  { client, signal }: Access,
  collection: string,
  id: string,
  item: Item,
): Promise<z.output<Item> | undefined> {
  const purpose = `read the ${kindOf(collection)} ${id}`;
  const answer = z.object({ items: z.array(item).min(1) });
  const found = await client.find({ method: "GET", path: pathOf(collection, id), signal, purpose }, answer);
  return found?.items[0];
}

/** One object that must be there. */
export async function getItem<Item extends typeof flowServiceItem>(
  access: Access,
  collection: string,
  id: string,
  item: Item,
): Promise<z.output<Item>> {
  const found = await findItem(access, collection, id, item);
  if (found) return found;
  throw new Error(
    `The ${kindOf(collection)} ${id} is gone: somebody deleted it in Experience Platform. ` +
      "Run pulumi refresh, then pulumi up, which makes it again.",
  );
}

/** What a killed run may have left: the objects that bear the resource's mark, and whether a dataflow uses them. */
export async function leftoverItems<Item extends typeof flowServiceItem, Inputs>(
  { client, signal, urn, isHeld }: Operation<AepClient>,
  collection: string,
  item: Item,
  { name }: { readonly name: string },
  inputsOf: (item: z.output<Item>) => Inputs,
): Promise<Leftover<Inputs>[]> {
  const left: Leftover<Inputs>[] = [];
  for (const found of await listMarked(client, collection, item, { name, urn }, signal)) {
    const { id, createdAt } = found;
    const inUse = collection !== paths.flows && !isHeld(id) && (await isInUse(client, collection, id, signal));
    left.push({ id, createdAt, inputs: inputsOf(found), inUse });
  }
  return left;
}

async function isInUse(client: AepClient, collection: string, id: string, signal: AbortSignal): Promise<boolean> {
  const users: Record<string, string> = {
    [paths.connections]: `${paths.sourceConnections}?property=baseConnectionId==`,
    [paths.sourceConnections]: `${paths.flows}?property=sourceConnectionIds[]==`,
    [paths.targetConnections]: `${paths.flows}?property=targetConnectionIds[]==`,
  };
  const path = `${users[collection]}${id}&limit=1`;
  const purpose = `look for what uses the ${kindOf(collection)} ${id}`;
  const { items } = await client.call(
    { method: "GET", path, signal, purpose },
    z.object({ items: z.array(z.unknown()) }),
  );
  return items.length > 0;
}

async function listMarked<Item extends typeof flowServiceItem>(
  client: AepClient,
  collection: string,
  item: Item,
  { name, urn }: { readonly name: string; readonly urn: string },
  signal: AbortSignal,
): Promise<z.output<Item>[]> {
  // Newest first and compared here, since a filter knows whole descriptions only.
  const path = `${collection}?orderby=-createdAt&limit=100`;
  const call = {
    method: "GET",
    path,
    signal,
    purpose: `look whether the ${kindOf(collection)} "${name}" is there already`,
  } as const;
  // Others' objects may lack what ours have, and are none of our business.
  const { items } = await client.call(call, z.object({ items: z.array(z.unknown()) }));
  return items.flatMap((listed) => {
    const parsed = item.safeParse(listed);
    return parsed.success && bearsMark(parsed.data.description, urn) ? [parsed.data] : [];
  });
}

/** Makes an object, once, with the resource's mark in its description. Answers the id. */
export async function createItem<Item extends typeof flowServiceItem>(
  { client, signal, progress, urn, present }: Operation<AepClient>,
  collection: string,
  item: Item,
  wanted: { readonly name: string; readonly description?: string | undefined },
): Promise<string> {
  const kind = kindOf(collection);
  const body = { ...wanted, description: described(wanted.description, urn) };
  const made = await client.createOnce<{ id: string }>({ signal, progress }, present, {
    list: (until) => listMarked(client, collection, item, { name: wanted.name, urn }, until),
    idOf: ({ id }) => id,
    post: () => {
      const purpose = `create the ${kind} "${body.name}"`;
      const answer = z.object({ id: z.string() });
      return client.call({ method: "POST", path: collection, body, signal, purpose }, answer);
    },
  });
  return made.id;
}

/**
 * Changes an object by JSON Patch. The steps are worked out from the object as it is, with its etag of that moment; so a
 * patch that came too late (412), whose answer was lost, or that met a state on its way to another is simply tried again.
 */
export async function patchItem<Item extends typeof flowServiceItem>(
  access: Access,
  collection: string,
  id: string,
  item: Item,
  steps: (item: z.output<Item>) => PatchStep[],
): Promise<void> {
  const { client, signal } = access;
  await untilAccepted(access, async () => {
    const found = await getItem(access, collection, id, item);
    const body = steps(found);
    if (body.length === 0) return;
    const purpose = `update the ${kindOf(collection)} "${found.name}" (${id})`;
    const headers = { "If-Match": found.etag };
    await client.call({ method: "PATCH", path: pathOf(collection, id), headers, body, signal, purpose }, json);
  });
}

/** The steps that bring name and description to what is wanted; a new description bears the resource's mark. */
export function labelSteps(
  found: { name: string; description?: string | null | undefined },
  wanted: { name: string; description?: string | undefined },
  urn: string,
): PatchStep[] {
  const steps: PatchStep[] = [];
  if (found.name !== wanted.name) steps.push({ op: "replace", path: "/name", value: wanted.name });
  if (withoutMark(found.description) === wanted.description) return steps;
  const value = described(wanted.description, urn);
  return [...steps, { op: found.description ? "replace" : "add", path: "/description", value }];
}

/** Enables or disables a dataflow, where `isNeeded` finds it in the opposite state. */
export async function switchFlow<Item extends typeof flowServiceItem>(
  access: Access,
  id: string,
  item: Item,
  op: "enable" | "disable",
  isNeeded: (item: z.output<Item>) => boolean,
): Promise<void> {
  const { client, signal } = access;
  await untilAccepted(access, async () => {
    const found = await getItem(access, paths.flows, id, item);
    if (!isNeeded(found)) return;
    const path = `${pathOf(paths.flows, id)}/action?op=${op}`;
    await client.call({ method: "POST", path, signal, purpose: `${op} the dataflow "${found.name}" (${id})` }, json);
  });
}

/** Deletes an object; waits while its state is on its way to another, or a dataflow just deleted still seems to use it. */
export async function deleteItem(access: Access, collection: string, id: string): Promise<void> {
  const { client, signal } = access;
  const purpose = `delete the ${kindOf(collection)} ${id}`;
  const remove = () => client.remove({ path: pathOf(collection, id), signal, purpose });
  await client.untilAccepted(signal, attemptsInTransition, isTransitional, () =>
    client.untilAccepted(signal, attemptsWhileUsed, isUsed, remove),
  );
}

/** Deletes a connection. Deleting a dataflow may deactivate its connections, which then refuse a DELETE with a 400. */
export async function deleteConnection(access: Access, collection: string, id: string): Promise<void> {
  try {
    await deleteItem(access, collection, id);
  } catch (error) {
    const refusal = access.client.refusal(error);
    if (refusal?.status !== 400 || isUsed(refusal)) throw error;
    const found = await findItem(access, collection, id, flowServiceItem);
    if (found?.state === "enabled") throw error;
  }
}

/** Tries a change again where a fresh look at the object can help. */
function untilAccepted({ client, signal }: Access, change: () => Promise<void>): Promise<void> {
  const staleOrLost = ({ status }: Refusal) => status === undefined || status === 412 || status >= 500;
  return client.untilAccepted(signal, attemptsInTransition, isTransitional, () =>
    client.untilAccepted(signal, attemptsOfChange, staleOrLost, change),
  );
}

/** Dataflows still use the connection, or a base connection through its source connections (flow-service-errors.md). */
function isUsed({ flowCode }: Refusal): boolean {
  return flowCode === 1447 || flowCode === 1418;
}

/** The object's state is on its way to another, so that nothing can be done with it now (flow-service-errors.md). */
function isTransitional({ flowCode }: Refusal): boolean {
  return flowCode !== undefined && [1420, 1421, 1422, 1457, 1458].includes(flowCode);
}

function kindOf(collection: string): string {
  const kinds: Record<string, string> = {
    [paths.flows]: "dataflow",
    [paths.connections]: "base connection",
    [paths.sourceConnections]: "source connection",
    [paths.targetConnections]: "target connection",
  };
  return kinds[collection] ?? "object";
}
