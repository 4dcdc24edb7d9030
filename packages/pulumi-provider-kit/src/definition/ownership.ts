import { metadata } from "./metadata.ts";
import type { Leftover, Operation, ResourceDefinition } from "./resource-definition.ts";

/** The deletion of an owned resource, or of the ownership itself. */
export interface Deletion {
  readonly type: string;
  readonly id: string;
  readonly ownershipId: string;
  /** Types whose objects are not deleted. */
  readonly spared: readonly string[];
}

/**
 * Deletes objects that killed runs created and could not record, the last kind of the package first. When an ownership is deleted,
 * these are all objects that carry its id. When an owned object is deleted, these are the objects that refer to it, since the vendor
 * would otherwise refuse the deletion. The engine deletes a resource's dependents before it, so anything else that refers to it is
 * unknown to the state. Objects in use stay. Never silent.
 *
 * @param resources of the package, in the order of creation
 */
export async function deleteUnnoted<Client>(
  resources: readonly ResourceDefinition<Client>[],
  operation: Operation<Client>,
  deletion: Deletion,
): Promise<void> {
  for (const kind of resources.toReversed()) {
    const concerns = concernWith(kind, deletion);
    if (!kind.findOwned || !concerns || deletion.spared.includes(kind.type)) continue;
    const isHeld = (id: string) => operation.isKnown(id, kind.type);
    const owned = await kind.findOwned({ ...operation, isHeld }, deletion.ownershipId).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${deletion.id} was not deleted, because an interrupted run may have left more. ${reason}`);
    });
    for (const object of owned.filter((leftover) => !isHeld(leftover.id) && concerns(leftover))) {
      const { id, inputs, inUse } = object;
      if (inUse) {
        operation.warn(`leaves ${id} (${kind.type}) alone, which this stack created, since it is in use`);
        continue;
      }
      operation.warn(`deletes ${id} (${kind.type}), which an interrupted run of this stack created`);
      await kind.delete({ ...operation, isHeld }, id, inputs);
    }
  }
}

/** Selects the objects of a kind that a deletion affects; undefined: none. */
function concernWith<Client>(kind: ResourceDefinition<Client>, { type, id, ownershipId }: Deletion) {
  if (id === ownershipId) return () => true;
  const references = Object.entries(kind.inputs.shape).filter(([, schema]) => metadata(schema).references === type);
  if (references.length === 0) return undefined;
  return ({ inputs }: Leftover<Record<string, unknown>>) =>
    references.some(([name]) => inputs[name] === id || (Array.isArray(inputs[name]) && inputs[name].includes(id)));
}
