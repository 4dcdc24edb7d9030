import { metadata } from "./metadata.ts";
import type { Leftover, Operation, ResourceDefinition } from "./resource-definition.ts";

/** A resource's deletion: of one that is owned, or of the ownership itself. */
export interface Deletion {
  readonly type: string;
  readonly id: string;
  readonly ownershipId: string;
  /** Types of which nothing is deleted. */
  readonly spared: readonly string[];
}

/**
 * Deletes what runs that were killed have made and could not note, the last kind of the package first: of an ownership's
 * deletion all that carries its id; of an owned object's the objects that refer to it, since the vendor would refuse its
 * deletion because of them. The engine deletes what depends on a resource before it, so that whatever else refers to it is
 * unknown to the state. What is in use stays. Never silent.
 *
 * @param resources of the package, in the order in which their objects come
 */
export async function deleteUnnoted<Client>(
  resources: readonly ResourceDefinition<Client>[],
  operation: Operation<Client>,
  deletion: Deletion,
): Promise<void> {
  for (const kind of resources.toReversed()) {
    const concerns = concernWith(kind, deletion);
    if (!kind.owned || !concerns || deletion.spared.includes(kind.type)) continue;
    const isHeld = (id: string) => operation.isKnown(id, kind.type);
    const owned = await kind.owned({ ...operation, isHeld }, deletion.ownershipId).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${deletion.id} is not deleted yet, since an interrupted run may have left more. ${reason}`);
    });
    for (const object of owned.filter((leftover) => !isHeld(leftover.id) && concerns(leftover))) {
      const { id, inputs, inUse } = object;
      if (inUse) {
        operation.warn(`leaves ${id} (${kind.type}) alone, which this stack made, since it is in use`);
        continue;
      }
      operation.warn(`deletes ${id} (${kind.type}), which an interrupted run of this stack made`);
      await kind.delete({ ...operation, isHeld }, id, inputs);
    }
  }
}

/** Which of a kind's objects a deletion concerns; undefined: none. */
function concernWith<Client>(kind: ResourceDefinition<Client>, { type, id, ownershipId }: Deletion) {
  if (id === ownershipId) return () => true;
  const references = Object.entries(kind.inputs.shape).filter(([, schema]) => metadata(schema).references === type);
  if (references.length === 0) return undefined;
  return ({ inputs }: Leftover<Record<string, unknown>>) =>
    references.some(([name]) => inputs[name] === id || (Array.isArray(inputs[name]) && inputs[name].includes(id)));
}
