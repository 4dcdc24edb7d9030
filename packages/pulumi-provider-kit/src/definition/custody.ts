import type { z } from "zod";
import type { ResourceCall } from "../engine/provider.ts";
import type { PropertyMap } from "../engine/values.ts";
import { type Leftover, type Operation, type ResourceDefinition, Unfinished } from "./resource-definition.ts";

type Held = Pick<ResourceCall, "type" | "urn">;

/** An object with its inputs, as the engine reported them. */
export interface HeldObject {
  readonly id: string;
  readonly inputs: PropertyMap;
}

/**
 * Tracks which remote objects the engine's state holds, as far as the engine has reported them in this run (it passes an id with each
 * diff, read, update and delete). A create never adopts an object that is held.
 */
export class Custody {
  readonly #objects = new Set<string>();
  readonly #idsByUrn = new Map<string, string>();
  readonly #inState = new Set<string>();
  readonly #known = new Set<string>();
  readonly #compared = new Set<string>();
  readonly #present = new Map<string, HeldObject>();
  readonly #created = new Map<string, string>();
  readonly #adopted = new Set<string>();

  /** The state has a resource of this URN; its id may follow later, or never (`pulumi up --replace` asks for no diff). */
  inState(urn: string): void {
    this.#inState.add(urn);
  }

  /** The engine has compared the wanted inputs of this URN with the state. */
  compare(call: Held, object: HeldObject): void {
    this.present(call, object);
    this.#compared.add(call.urn);
  }

  /** The resource of this URN is this object now: by a diff, a creation or an update of this run. */
  present(call: Held, object: HeldObject): void {
    this.hold(call, object.id);
    this.#present.set(call.urn, object);
  }

  /**
   * In a replacement, the successor or predecessor of the object with this id. A successor may have the same id, if the vendor knows the
   * object by its name, or not at all.
   */
  other(urn: string, id: string | undefined): HeldObject | undefined {
    const present = this.#present.get(urn);
    return present?.id === id && this.#created.get(urn) !== id ? undefined : present;
  }

  /** The resource of this URN was created as this object, perhaps in place of one that the state has; see `takeOver` for adopted ones. */
  presentAnew(call: Held, object: HeldObject, { isAdopted }: { readonly isAdopted: boolean }): void {
    this.present(call, object);
    this.#created.set(call.urn, object.id);
    if (isAdopted) this.#adopted.add(call.urn);
  }

  /**
   * Whether a deletion is that of an object which the create of this URN has adopted in this run. With `pulumi up --replace` the engine
   * says nothing about the replaced object, so a create may take it for a leftover; its deletion must not delete the new resource. True
   * once: a later deletion is meant.
   */
  keepsAdopted(urn: string, id: string): boolean {
    return this.#created.get(urn) === id && this.#adopted.delete(urn);
  }

  isCompared(urn: string): boolean {
    return this.#compared.has(urn);
  }

  /**
   * Whether the program's current resource of this URN is the object with this id. If a replacement that keeps the id was killed, the
   * state has the object twice, and the deletion of the former must not delete the current one.
   */
  isCurrent(urn: string, id: string): boolean {
    return this.#compared.has(urn) && this.#idsByUrn.get(urn) === id;
  }

  hold({ type, urn }: Held, id: string): void {
    this.#objects.add(key(type, id));
    this.#known.add(key(type, id));
    this.#idsByUrn.set(urn, id);
  }

  release({ type, urn }: Held, id: string): void {
    this.#objects.delete(key(type, id));
    this.#created.delete(urn);
  }

  isHeld(type: string, id: string): boolean {
    return this.#objects.has(key(type, id));
  }

  /** Whether the object is held, or was until it was deleted: a vendor may list it for a while. */
  isKnown(type: string, id: string): boolean {
    return this.#known.has(key(type, id));
  }

  /**
   * The leftovers that no resource holds, newest first. If the state has an object of this URN that is being
   * replaced, only younger ones count: an older one is the predecessor whose deletion is still pending, and the engine would
   * delete it right after it was adopted. With `deleteBeforeReplace` this can't happen.
   */
  free<Inputs>(
    { type, urn }: Held,
    { deleteBeforeReplace }: { readonly deleteBeforeReplace?: boolean },
    leftovers: readonly Leftover<Inputs>[],
  ): Leftover<Inputs>[] {
    const untouched = leftovers.filter(({ id, inUse }) => !inUse && !this.isHeld(type, id));
    const free = untouched.toSorted((one, other) => age(other) - age(one));
    if (deleteBeforeReplace || !this.#inState.has(urn)) return free;
    const current = leftovers.find(({ id }) => id === this.#idsByUrn.get(urn));
    return current ? free.filter((leftover) => age(leftover) > age(current)) : [];
  }
}

/**
 * Takes over what a killed run left: the newest leftover that can become the wanted object without a replacement. It is
 * updated if it differs, and finished if it was only half created. Never silent: the user gets a warning.
 *
 * @param changes from the leftover's inputs to the wanted ones, with whether each needs a replacement
 */
export async function adoptLeftover<Client, Inputs extends z.ZodObject, Outputs extends z.ZodObject>(
  resource: ResourceDefinition<Client, Inputs, Outputs>,
  operation: Operation<Client>,
  wanted: z.output<Inputs>,
  leftovers: readonly Leftover<z.output<Inputs>>[],
  changes: (before: z.output<Inputs>) => boolean[],
): Promise<{ id: string; outputs: z.output<Outputs> } | undefined> {
  for (const { id, inputs } of leftovers) {
    const differences = changes(inputs);
    if (differences.includes(true)) {
      operation.warn(`leaves ${id} alone, which an interrupted run created for this resource with other settings`);
      continue;
    }
    const now = await resource.read(operation, id, wanted, undefined).catch((error: unknown) => {
      if (error instanceof Unfinished) return "unfinished" as const;
      throw error;
    });
    if (now === undefined) continue;
    operation.warn(`adopts ${id}, which an interrupted run created for this resource`);
    if (now !== "unfinished" && differences.length === 0) return { id, outputs: now.outputs };
    if (!resource.update) {
      throw new Error(`${id} was only half created and can't be finished. Delete it, then run: npx pulumi up`);
    }
    const olds = inputs;
    const outputs = now === "unfinished" ? ({} as z.output<Outputs>) : now.outputs;
    return { id, outputs: await resource.update(operation, id, { news: wanted, olds, outputs }) };
  }
  return undefined;
}

function key(type: string, id: string): string {
  return `${type} ${id}`;
}

function age({ createdAt }: { readonly createdAt: number | undefined }): number {
  return createdAt ?? 0;
}
