import type { z } from "zod";
import type { ResourceCall } from "../engine/provider.ts";

declare module "zod" {
  interface GlobalMeta {
    /** Kept encrypted in state and hidden in every message. */
    secret?: boolean;
    /** A change replaces the object; for a provider's setting, a change replaces all of its objects. */
    replaces?: boolean;
    /** An output that an update changes; unknown in the preview of an update. */
    volatile?: boolean;
    /** Type of the resource whose id the input holds; the vendor refuses to delete that resource while it is referenced. */
    references?: string;
    /** An input that matters only on creation: a later change is not a difference. */
    creation?: boolean;
    /** With `creation` and `inputOnly`: the state has the value compressed, since nothing is compared with it. */
    packed?: boolean;
    /** For a provider's setting: the environment variable to read if the stack's configuration lacks it. */
    environment?: string;
  }
}

/** What each operation of a resource gets besides its values: the vendor's client and the engine's call. */
export interface Operation<Client> extends Pick<ResourceCall, "urn" | "name" | "signal" | "progress" | "warn"> {
  readonly client: Client;
  /** Whether a resource already holds this object, as far as the engine has reported in this run. */
  readonly isHeld: (id: string) => boolean;
  /** Whether a resource holds or held an object in this run. */
  readonly isKnown: (id: string, type: string) => boolean;
  /**
   * In a replacement, the other object of the resource: in a create the replaced one, in a delete the current
   * one. Undefined without a replacement, or if the engine has not reported it in this run.
   */
  readonly other?: { readonly id: string; readonly inputs: Readonly<Record<string, unknown>> } | undefined;
  /** In a create: ids of the leftovers that were not adopted. */
  readonly present: ReadonlySet<string>;
}

/** A remote object that a run may have created for a resource before it was killed and could record the id. */
export interface Leftover<Inputs> {
  readonly id: string;
  /** Milliseconds since 1970 by the vendor's clock; undefined if the vendor does not say. */
  readonly createdAt: number | undefined;
  /** The object's current inputs at the vendor. */
  readonly inputs: Inputs;
  /** Others refer to it, so some run knew its id: it was not left behind, although this stack does not hold it. */
  readonly inUse?: boolean;
}

/** The remote object was created but is not finished; it is kept in the state, and the next `up` completes it. */
export class Unfinished<Outputs> extends Error {
  readonly id: string;
  readonly outputs: Outputs;
  constructor(id: string, outputs: Outputs, reason: string) {
    super(reason);
    this.name = "Unfinished";
    this.id = id;
    this.outputs = outputs;
  }
}

/**
 * One kind of remote object, defined once. From it the kit derives check, diff, preview, import, the package schema, the program's
 * resource class and the reference page.
 *
 * `inputs` and `outputs` are zod objects; each property carries `.meta({ description, secret?, replaces?, volatile? })`
 * as its last call. Outputs contain only what the vendor adds. State = inputs + outputs, which repeat the inputs that are not `inputOnly`.
 */
export interface ResourceDefinition<
  Client,
  Inputs extends z.ZodObject = z.ZodObject,
  Outputs extends z.ZodObject = z.ZodObject,
  InputOnly extends string = string,
> {
  /** Type token: `aep:index:Schema`. */
  readonly type: string;
  /** What the resource is, in the vendor's terms, with the vendor's page. */
  readonly description: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /**
   * Inputs that no program reads from the resource, so that the state has them once. For large ones: otherwise the outputs repeat them.
   */
  readonly inputOnly?: readonly InputOnly[];
  /** Unique names or vendor limits require the old object to be deleted before the new one is created. */
  readonly deleteBeforeReplace?: boolean;
  /** Nothing at the vendor has its id, as with a guard: two resources with the same id are then not the same object. */
  readonly onlyInState?: boolean;
  /** It represents what a stack created: objects carry its id, and deleting it deletes those that the state does not know. */
  readonly owns?: boolean;
  /** With `owns`: types that it does not delete although they carry its id. */
  spares?(state: z.output<Inputs>): readonly string[];

  /**
   * Finds mistakes that the zod schema can't. Inputs that are unknown, or invalid by themselves, are absent. `warn` reports
   * possible mistakes to the user.
   */
  check?(
    inputs: Partial<z.output<Inputs>>,
    warn: (message: string) => void,
  ): { property: string; reason: string }[] | Promise<{ property: string; reason: string }[]>;
  /** The form in which inputs are compared, for example a set in sorted order. */
  normalize?(inputs: z.output<Inputs>): Record<string, unknown>;
  /**
   * Lists objects that carry this resource's mark, which a killed run may have left. Called before each create. If one can
   * be adopted, nothing is created (see `adoptLeftover`); otherwise `create` gets their ids as `operation.present`.
   */
  leftovers?(operation: Operation<Client>, inputs: z.output<Inputs>): Promise<readonly Leftover<z.output<Inputs>>[]>;
  /** Lists objects of this kind that carry an ownership's id, which the resource's input `ownership` takes. */
  findOwned?(operation: Operation<Client>, ownership: string): Promise<readonly Leftover<z.output<Inputs>>[]>;
  /** `isAdopted`: the object existed before, found by something other than a mark. */
  create(
    operation: Operation<Client>,
    inputs: z.output<Inputs>,
  ): Promise<{ id: string; outputs: z.output<Outputs>; isAdopted?: boolean }>;
  /**
   * Reads the object's current state at the vendor; undefined only if the vendor says that it is gone (404, 410).
   * `inputs` and `outputs` are those in the state, absent on `pulumi import`. Values that the vendor never returns are taken
   * from them.
   * A returned `id` is the canonical spelling of the id, if users may give several.
   */
  read(
    operation: Operation<Client>,
    id: string,
    inputs: z.output<Inputs> | undefined,
    outputs: z.output<Outputs> | undefined,
  ): Promise<{ id?: string; inputs: z.output<Inputs>; outputs: z.output<Outputs> } | undefined>;
  /**
   * Checks an update in place during its preview: warns of its consequences, and throws if the vendor would
   * refuse it, before anything is changed. Not called while a new input is unknown.
   */
  foresee?(
    operation: Operation<Client>,
    id: string,
    change: { news: z.output<Inputs>; olds: z.output<Inputs> },
  ): Promise<void>;
  /**
   * The same for the creation of a resource that the state does not have, given its leftovers. `inputs` lacks what is not known yet; while the
   * ownership is unknown, there are no leftovers.
   */
  foreseeCreation?(
    operation: Operation<Client>,
    inputs: Partial<z.output<Inputs>>,
    leftovers: readonly Leftover<z.output<Inputs>>[],
  ): Promise<void>;
  /**
   * Checks a change before it begins, in previews and in updates: throws if it is not permitted, or warns of what it brings. `news` lacks
   * inputs that are unknown, and in records unknown entries; `unknown` has the inputs' names. If an option of the resource, such as
   * `replaceOnChanges`, replaces the object although the difference does not, this is called again with `replaces`.
   */
  permit?(
    operation: Operation<Client>,
    id: string,
    change: {
      news: Partial<z.output<Inputs>>;
      olds: z.output<Inputs>;
      replaces: boolean;
      unknown: readonly string[];
    },
  ): Promise<void>;
  /**
   * Looks for something that an update in place would put right although no input has changed, in previews and in updates. Returns the name
   * under which the preview shows it; undefined: nothing. If it fails, nothing is updated for it.
   */
  findPending?(operation: Operation<Client>, id: string, inputs: z.output<Inputs>): Promise<string | undefined>;
  /**
   * The same as `permit` before a creation, given its leftovers. In a preview, records contain only known entries. With
   * `pulumi up --replace` the engine asks for no diff, so an apparent leftover
   * may be the object that is being replaced.
   */
  permitCreation?(
    operation: Operation<Client>,
    inputs: z.output<Inputs>,
    leftovers: readonly Leftover<z.output<Inputs>>[],
  ): Promise<void>;
  /** Absent: every change replaces the object. */
  update?(
    operation: Operation<Client>,
    id: string,
    change: { news: z.output<Inputs>; olds: z.output<Inputs>; outputs: z.output<Outputs> },
  ): Promise<z.output<Outputs>>;
  /**
   * Must treat a missing object as deleted. For an object that no state knows, only the inputs are given. Not called for a former entry in
   * the state whose object is still a resource of the program, for instance because a replacement has rewritten it under the same id.
   */
  delete(operation: Operation<Client>, id: string, state: z.output<Inputs> & Partial<z.output<Outputs>>): Promise<void>;
}

/** Infers a definition's types; has no effect at run time. */
export function defineResource<Client>() {
  return <
    Inputs extends z.ZodObject,
    Outputs extends z.ZodObject,
    InputOnly extends keyof z.output<Inputs> & string = never,
  >(
    definition: ResourceDefinition<Client, Inputs, Outputs, InputOnly>,
  ): ResourceDefinition<Client, Inputs, Outputs, InputOnly> => definition;
}

/** A function that programs can call: `aep:index:getTenant`. */
export interface FunctionDefinition<
  Client,
  Args extends z.ZodObject = z.ZodObject,
  Result extends z.ZodObject = z.ZodObject,
> {
  readonly token: string;
  readonly description: string;
  readonly args: Args;
  readonly result: Result;
  call(client: Client, args: z.output<Args>, signal: AbortSignal): Promise<z.output<Result>>;
}
