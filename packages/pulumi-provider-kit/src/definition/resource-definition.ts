import type { z } from "zod";
import type { ResourceCall } from "../engine/provider.ts";

declare module "zod" {
  interface GlobalMeta {
    /** Kept encrypted in state and hidden in every message. */
    secret?: boolean;
    /** A change makes a new object in place of the old one; of a provider's setting: of all its objects. */
    replaces?: boolean;
    /** An output that an update changes; unknown in the preview of an update. */
    volatile?: boolean;
    /** Type of the resource that an input names by id, and that the vendor refuses to delete while it is named. */
    references?: string;
    /** An input that matters only when the object is made: a later change of it is not a difference. */
    creation?: boolean;
    /** Of a provider's setting: the environment variable read when the stack's configuration lacks it. */
    environment?: string;
  }
}

/** What a resource's operation gets besides its own values: the vendor's client and the engine's call. */
export interface Operation<Client> extends Pick<ResourceCall, "urn" | "name" | "signal" | "progress" | "warn"> {
  readonly client: Client;
  /** Whether this object is known to be a resource's own already, as far as the engine has told in this run. */
  readonly isHeld: (id: string) => boolean;
  /** Whether an object is or was a resource's in this run. */
  readonly isKnown: (id: string, type: string) => boolean;
  /** In a delete: the program's resource has this very object now, and what is deleted is its predecessor of the same id. */
  readonly isCurrent: boolean;
  /**
   * In a replacement, the other object of the resource: in a create the one that is replaced, in a delete the one that the program's
   * resource is now. Undefined without a replacement, or if the engine has not reported it in this run.
   */
  readonly other?: { readonly id: string; readonly inputs: Readonly<Record<string, unknown>> } | undefined;
  /** In a create: ids of the leftovers that were not taken over. */
  readonly present: ReadonlySet<string>;
}

/** A remote object that may have been made for a resource by a run that was killed before it could note the id. */
export interface Leftover<Inputs> {
  readonly id: string;
  /** Milliseconds since 1970 by the vendor's clock; undefined where the vendor does not tell. */
  readonly createdAt: number | undefined;
  /** As the vendor has the object now. */
  readonly inputs: Inputs;
  /** Others refer to it, so a run has known its id before: it was not left behind, though this stack does not hold it. */
  readonly inUse?: boolean;
}

/** The remote object was made but is not finished; it is kept in the state and completed by the next `up`. */
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
 * One remote object, told once. The kit derives from it check, diff, preview, import, the package schema, the program's
 * resource class and the reference page.
 *
 * `inputs` and `outputs` are zod objects; each property carries `.meta({ description, secret?, replaces?, volatile? })`
 * as its last call. Outputs hold only what the vendor adds. State = inputs + outputs.
 */
export interface ResourceDefinition<
  Client,
  Inputs extends z.ZodObject = z.ZodObject,
  Outputs extends z.ZodObject = z.ZodObject,
> {
  /** Type token: `aep:index:Schema`. */
  readonly type: string;
  /** What the resource is, in the vendor's words, and the vendor's page or fact behind it. */
  readonly description: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** Names or vendor limits force the old object to go before the new one comes. */
  readonly deleteBeforeReplace?: boolean;
  /** It stands for what a stack has made: objects carry its id, and deleting it deletes those that the state does not know. */
  readonly owns?: boolean;
  /** Of what `owns`: types of which it deletes nothing, although they carry its id. */
  spares?(state: z.output<Inputs>): readonly string[];

  /**
   * Mistakes that the zod schema can't tell. Inputs that are not known yet, or wrong by themselves, are absent. `warn` tells
   * the user what may be a mistake.
   */
  check?(
    inputs: Partial<z.output<Inputs>>,
    warn: (message: string) => void,
  ): { property: string; reason: string }[] | Promise<{ property: string; reason: string }[]>;
  /** The form in which two inputs are compared (a set in one order, say), as the vendor answers it. */
  normalize?(inputs: z.output<Inputs>): Record<string, unknown>;
  /**
   * Objects that carry this resource's mark: what a killed run may have left behind. Called before each create; one that
   * can be taken over makes the create needless (see `takeOver`), the others it finds as `operation.present`.
   */
  leftovers?(operation: Operation<Client>, inputs: z.output<Inputs>): Promise<readonly Leftover<z.output<Inputs>>[]>;
  /** Objects of this kind that bear an ownership's id; the resource's input `ownership` takes it. */
  owned?(operation: Operation<Client>, ownership: string): Promise<readonly Leftover<z.output<Inputs>>[]>;
  create(operation: Operation<Client>, inputs: z.output<Inputs>): Promise<{ id: string; outputs: z.output<Outputs> }>;
  /**
   * The object as the vendor has it now; undefined only when the vendor says that it is gone (404, 410).
   * `inputs` and `outputs` are what the state holds, absent on `pulumi import`; what the vendor never returns is taken
   * from them.
   * An answered `id` is the object's id in its one spelling, where users may give several.
   */
  read(
    operation: Operation<Client>,
    id: string,
    inputs: z.output<Inputs> | undefined,
    outputs: z.output<Outputs> | undefined,
  ): Promise<{ id?: string; inputs: z.output<Inputs>; outputs: z.output<Outputs> } | undefined>;
  /**
   * Looks ahead in the preview of an update in place: warns of what it will lead to, and throws for what the vendor would
   * refuse, so that it is known before anything is changed. Not called while a new input is unknown.
   */
  foresee?(
    operation: Operation<Client>,
    id: string,
    change: { news: z.output<Inputs>; olds: z.output<Inputs> },
  ): Promise<void>;
  /**
   * Looks before a change is begun, in previews and in updates: throws for what must not be done. `news` lacks what is not
   * known yet.
   */
  permit?(
    operation: Operation<Client>,
    id: string,
    change: { news: Partial<z.output<Inputs>>; olds: z.output<Inputs>; replaces: boolean },
  ): Promise<void>;
  /**
   * The same before a creation (in a preview, of a record the entries that are known), given its leftovers: unless the
   * engine has asked for a difference first, what looks like one
   * may be the object that is replaced, since of `pulumi up --replace` it asks for none.
   */
  permitCreation?(
    operation: Operation<Client>,
    inputs: z.output<Inputs>,
    leftovers: readonly Leftover<z.output<Inputs>>[],
  ): Promise<void>;
  /** Absent: every change replaces. */
  update?(
    operation: Operation<Client>,
    id: string,
    change: { news: z.output<Inputs>; olds: z.output<Inputs>; outputs: z.output<Outputs> },
  ): Promise<z.output<Outputs>>;
  /** Treats an object that is already gone as deleted. Of one that no state knows, the inputs alone are given. */
  delete(operation: Operation<Client>, id: string, state: z.output<Inputs> & Partial<z.output<Outputs>>): Promise<void>;
}

/** Keeps a definition's inferred types; has no effect at run time. */
export function defineResource<Client>() {
  return <Inputs extends z.ZodObject, Outputs extends z.ZodObject>(
    definition: ResourceDefinition<Client, Inputs, Outputs>,
  ): ResourceDefinition<Client, Inputs, Outputs> => definition;
}

/** A function of the package that programs call for a value: `aep:index:getTenant`. */
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
