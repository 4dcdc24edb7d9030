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

/** An object with its inputs and outputs in the state. */
export interface StoredObject {
  readonly id: string;
  readonly olds?: PropertyMap;
  readonly state: PropertyMap;
}

/**
 * Tracks which remote objects the engine's state holds, as far as the engine has reported them in this run (it passes an id with each
 * diff, read, update and delete). A create never adopts an object that is held.
 */
export class Custody {
  readonly #onlyInState: ReadonlySet<string>;
  readonly #objects = new Set<string>();
  readonly #idsByUrn = new Map<string, string>();
  readonly #inState = new Set<string>();
  /** Ids that were read since the program declared the URN, or before it. */
  readonly #readIds = new Map<string, Set<string>>();
  readonly #known = new Set<string>();
  readonly #compared = new Set<string>();
  readonly #present = new Map<string, HeldObject>();
  /** URNs in the program, by the objects that the engine has compared with them. */
  readonly #comparedAs = new Map<string, string>();
  /** Objects that the program's resources are, with how this run knows it. */
  readonly #current = new Map<string, "adopted" | "compared" | "made">();
  readonly #postponed = new Map<string, StoredObject>();

  /** @param onlyInState types whose ids are not those of remote objects */
  constructor(onlyInState: ReadonlySet<string> = new Set()) {
    this.#onlyInState = onlyInState;
  }

  /** An engine has attached to the process again: what its former run did says nothing about the deletions of the new one. */
  startRun(): void {
    this.#readIds.clear();
    this.#comparedAs.clear();
    this.#current.clear();
    this.#postponed.clear();
  }

  /**
   * The program declares a resource of this URN.
   *
   * @param isInState whether the state has it; its id may follow later, or never (`pulumi up --replace` asks for no diff)
   */
  declare(urn: string, { isInState }: { readonly isInState: boolean }): void {
    if (isInState) this.#inState.add(urn);
    this.#readIds.delete(urn);
  }

  /** The engine has read the object for a refresh, an import or the program. */
  noteRead(call: Held, id: string): void {
    this.hold(call, id);
    const ids = this.#readIds.get(call.urn) ?? new Set();
    this.#readIds.set(call.urn, ids.add(id));
  }

  /**
   * Whether a comparison is a refresh's own, which shows what it has found (`RefreshStep` in pkg/resource/deploy/step.go): it follows the
   * read, without a check. It says nothing about the program, and concerns each entry of the state, also one whose deletion is due.
   */
  isOfRefresh(urn: string, id: string): boolean {
    return this.#readIds.get(urn)?.has(id) ?? false;
  }

  /**
   * The engine has compared the wanted inputs of this URN with the state.
   *
   * @param result.isReplaced the answer lets it replace the object
   * @param result.isGuess some inputs are unknown. In an `up`, the engine asks so whether it has to replace the object together with what it
   *   depends on, even if the program no longer declares it (`calculateDependentReplacements` in pkg/resource/deploy/step_generator.go).
   */
  compare(
    call: Held,
    object: HeldObject,
    { isReplaced, isGuess }: { readonly isReplaced: boolean; readonly isGuess: boolean },
  ): void {
    this.#present.set(call.urn, object);
    this.hold(call, object.id);
    this.#compared.add(call.urn);
    if (isGuess) return;
    this.#comparedAs.set(this.#identity(call, object.id), call.urn);
    if (isReplaced) this.#current.delete(this.#identity(call, object.id));
    else this.#current.set(this.#identity(call, object.id), "compared");
  }

  /** The resource of this URN is this object now: by a creation, an adoption or an update of this run. */
  present(call: Held, object: HeldObject, by: "adopted" | "made"): void {
    const former = this.#idsByUrn.get(call.urn);
    if (former !== undefined && former !== object.id) this.#current.delete(this.#identity(call, former));
    this.#current.set(this.#identity(call, object.id), by);
    this.#present.set(call.urn, object);
    this.hold(call, object.id);
  }

  /**
   * In a replacement, the successor or predecessor of the object with this id. If the resource was renamed with an alias, the deletion of the
   * predecessor has its former URN.
   */
  other(call: Held, id: string | undefined): HeldObject | undefined {
    const renamed = id === undefined ? undefined : this.#comparedAs.get(this.#identity(call, id));
    const present = this.#present.get(renamed ?? call.urn);
    return present?.id === id ? undefined : present;
  }

  /**
   * Whether a resource of the program is the object whose deletion the engine asks for, and how this run knows it. The deletion is then that
   * of a former entry in the state, which must not delete the object. A replacement leaves such an entry if it adopts the object or
   * rewrites it under its id; a resource that was renamed in the program leaves one, too. If a run was killed before that deletion, it is
   * asked of the next run, and twice if that run replaces the resource again.
   */
  isCurrent(call: Held, id: string): "adopted" | "compared" | "made" | undefined {
    return this.#current.get(this.#identity(call, id));
  }

  /** Notes that a deletion was not done. */
  postpone({ urn }: Held, object: StoredObject): void {
    this.#postponed.set(urn, object);
  }

  /**
   * The object whose deletion was not done, now that the engine creates another one for its URN: it was meant after all. This happens if
   * an option of the resource replaces it although the comparison shows no change (`replacementTrigger`, `deleteBeforeReplace`).
   */
  takePostponed(call: Held): StoredObject | undefined {
    const object = this.#postponed.get(call.urn);
    if (object === undefined) return undefined;
    this.#postponed.delete(call.urn);
    this.#current.delete(this.#identity(call, object.id));
    return object;
  }

  /** Whether the state has the resource of this URN, which the program declares. */
  isInState(urn: string): boolean {
    return this.#inState.has(urn);
  }

  isCompared(urn: string): boolean {
    return this.#compared.has(urn);
  }

  hold({ type, urn }: Held, id: string): void {
    this.#objects.add(key(type, id));
    this.#known.add(key(type, id));
    this.#idsByUrn.set(urn, id);
  }

  release({ type }: Pick<Held, "type">, id: string): void {
    this.#objects.delete(key(type, id));
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

  #identity({ type, urn }: Held, id: string): string {
    // Azure ignores case in ids, and a setting may get another spelling.
    return key(this.#onlyInState.has(type) ? urn : type, id.toLowerCase());
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

function key(scope: string, id: string): string {
  return `${scope} ${id}`;
}

function age({ createdAt }: { readonly createdAt: number | undefined }): number {
  return createdAt ?? 0;
}
