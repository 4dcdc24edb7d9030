import type { ConstructComponent } from "./construct.ts";
import type { PropertyMap } from "./values.ts";

/** A mistake in the inputs, on the property path (`mappings[2].source`) where the user can fix it. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult {
  readonly inputs: PropertyMap;
  readonly failures: CheckFailure[];
}

export type PropertyDiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface DiffResult {
  /** Property path → what happens to it. Empty: nothing changes. */
  readonly detailed: Record<string, PropertyDiffKind>;
  readonly deleteBeforeReplace?: boolean;
}

/** What each call on a resource knows about the resource and the call. */
export interface ResourceCall {
  /** Type token, such as `aep:index:Schema`. */
  readonly type: string;
  readonly urn: string;
  /** Logical name in the program. */
  readonly name: string;
  /** Aborts on Ctrl-C (`Cancel`) and when the operation's time limit has passed. */
  readonly signal: AbortSignal;
  /** Shows a line of progress beside the resource in the CLI; never a secret. */
  readonly progress: (message: string) => void;
  /** Tells the user of something that is worth knowing but stops nothing; stays in the output. Never a secret. */
  readonly warn: (message: string) => void;
}

export interface CreateResult {
  readonly id: string;
  readonly properties: PropertyMap;
}

export interface ReadResult extends CreateResult {
  readonly inputs: PropertyMap;
}

/**
 * The remote object exists but is not as asked; the engine keeps it in the state, marked, and the next `up` repairs it.
 * `reasons` are shown to the user.
 */
export class PartialFailure extends Error {
  readonly id: string;
  readonly properties: PropertyMap;
  readonly inputs: PropertyMap;
  readonly reasons: string[];
  constructor(result: { id: string; properties: PropertyMap; inputs: PropertyMap; reasons: string[] }) {
    super(result.reasons.join("\n"));
    this.name = "PartialFailure";
    this.id = result.id;
    this.properties = result.properties;
    this.inputs = result.inputs;
    this.reasons = result.reasons;
  }
}

/**
 * A Pulumi provider in plain values: what pulumi/pulumi's docs/architecture/providers/implementers-guide.md asks of one,
 * without protobuf. Values may hold `Secret`, `Unknown` (previews only) and `Archive`.
 * A thrown Error's message is shown to the user as it is.
 */
export interface Provider {
  readonly name: string;
  readonly version: string;
  /** The Pulumi package schema. */
  schema(): object;
  checkConfig(inputs: PropertyMap): CheckResult;
  /** Which settings replace every resource when they change; absent: none. */
  diffConfig?(olds: PropertyMap, news: PropertyMap, provider: { readonly urn: string }): Promise<DiffResult>;
  /**
   * Takes the settings, once: the same ones again are fine, others are an error. Settings that hold unknowns are left to a later call.
   * `isDefault`: the provider that the engine makes of the stack's configuration, and not one that a program makes.
   */
  configure(inputs: PropertyMap, provider?: { readonly isDefault: boolean }): Promise<void>;
  check(call: ResourceCall, request: { olds: PropertyMap; news: PropertyMap }): Promise<CheckResult>;
  diff(
    call: ResourceCall,
    request: { id: string; olds: PropertyMap; state: PropertyMap; news: PropertyMap },
  ): Promise<DiffResult>;
  create(call: ResourceCall, request: { inputs: PropertyMap; preview: boolean }): Promise<CreateResult>;
  /** `inputs` and `state` are empty on `pulumi import`. Undefined: the object is gone. */
  read(
    call: ResourceCall,
    request: { id: string; inputs: PropertyMap; state: PropertyMap },
  ): Promise<ReadResult | undefined>;
  update(
    call: ResourceCall,
    request: { id: string; olds: PropertyMap; state: PropertyMap; news: PropertyMap; preview: boolean },
  ): Promise<PropertyMap>;
  delete(call: ResourceCall, request: { id: string; state: PropertyMap }): Promise<void>;
  invoke(token: string, args: PropertyMap): Promise<PropertyMap>;
  /** The components that programs in other languages can have, by type: the names of their outputs, and what makes them. */
  readonly components?: ReadonlyMap<
    string,
    { readonly outputs: readonly string[]; readonly construct: ConstructComponent }
  >;
  /** Runs when the engine asks for a stop; every open call's `signal` is aborted as well. */
  cancel?(): void;
}
