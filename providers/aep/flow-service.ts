import { z } from "zod";
import type { Operation } from "../kit/resource-definition.ts";
import type { AepClient, Refusal } from "./client.ts";
import { pathOf, paths } from "./paths.ts";

/** What every object of the Flow Service has. */
export const flowServiceItem = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  state: z.string(),
  etag: z.string(),
});

/** A step of a JSON Patch; the Flow Service takes these three, in lower case. */
export interface PatchStep {
  readonly op: "add" | "replace" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

type Access = Pick<Operation<AepClient>, "client" | "signal">;

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

/** Makes an object, once; `isSame` tells whether a listed object is what `body` asks for. Answers the id. */
export async function createItem<Item extends typeof flowServiceItem>(
  { client, signal, progress }: Operation<AepClient>,
  collection: string,
  item: Item,
  body: { readonly name: string },
  isSame: (item: z.output<Item>) => boolean,
): Promise<string> {
  const kind = kindOf(collection);
  const made = await client.createOnce<{ id: string }>(
    { signal, progress },
    {
      // Newest first and compared here: a filter by name would take a comma in the name for "any of".
      list: async (until) => {
        const path = `${collection}?orderby=-createdAt&limit=100`;
        const call = { method: "GET", path, signal: until, purpose: `list the ${kind}s` } as const;
        // Others' objects may lack what ours have, and are none of our business.
        const { items } = await client.call(call, z.object({ items: z.array(z.unknown()) }));
        return items.flatMap((listed) => {
          const parsed = item.safeParse(listed);
          return parsed.success && parsed.data.name === body.name && isSame(parsed.data) ? [parsed.data] : [];
        });
      },
      idOf: ({ id }) => id,
      post: () => {
        const purpose = `create the ${kind} "${body.name}"`;
        const answer = z.object({ id: z.string() });
        return client.call({ method: "POST", path: collection, body, signal, purpose }, answer);
      },
    },
  );
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
    await client.call({ method: "PATCH", path: pathOf(collection, id), headers, body, signal, purpose }, z.unknown());
  });
}

/** The steps that bring name and description to what is wanted. */
export function labelSteps(
  found: { name: string; description?: string | null | undefined },
  wanted: { name: string; description?: string | undefined },
): PatchStep[] {
  const steps: PatchStep[] = [];
  if (found.name !== wanted.name) steps.push({ op: "replace", path: "/name", value: wanted.name });
  const [before, after] = [found.description || undefined, wanted.description];
  if (before === after) return steps;
  if (after === undefined) return [...steps, { op: "remove", path: "/description" }];
  return [...steps, { op: before === undefined ? "add" : "replace", path: "/description", value: after }];
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
    await client.call(
      { method: "POST", path, signal, purpose: `${op} the dataflow "${found.name}" (${id})` },
      z.unknown(),
    );
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

/** Dataflows still use the connection (flow-service-errors.md). */
function isUsed({ flowCode }: Refusal): boolean {
  return flowCode === 1447;
}

/** The object's state is on its way to another, so that nothing can be done with it now (flow-service-errors.md). */
function isTransitional({ flowCode }: Refusal): boolean {
  return flowCode !== undefined && [1420, 1421, 1422, 1457, 1458].includes(flowCode);
}

function kindOf(collection: string): string {
  switch (collection) {
    case paths.flows:
      return "dataflow";
    case paths.sourceConnections:
      return "source connection";
    default:
      return "target connection";
  }
}
