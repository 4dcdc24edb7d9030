import type { ConstructComponent } from "./construct.ts";
import type { PropertyMap } from "./values.ts";

/** A mistake in the inputs, at the property path (`mappings[2].source`) where the user can fix it. */
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

/** The arguments of every call on a resource. */
export interface ResourceCall {
  /** Type token, such as `aep:index:Schema`. */
  readonly type: string;
  readonly urn: string;
  /** Logical name in the program. */
  readonly name: string;
  /** Aborts on Ctrl-C (`Cancel`) and when the operation's time limit has passed. */
  readonly signal: AbortSignal;
  /** Shows a line of progress beside the resource in the CLI; never pass a secret. */
  readonly progress: (message: string) => void;
  /** Shows a warning that stays in the output; never pass a secret. */
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
 * The remote object exists but is not as requested. The engine keeps it in the state, marked, and the next `up` repairs it.
 * The user sees `reasons`.
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

/** A name that the engine has for a resource, and whether a resource with rules of its own for names may have another one. */
export interface Autonaming {
  readonly mode: "propose" | "enforce" | "disable";
  readonly proposedName: string;
}

/**
 * A Pulumi provider with plain values: the interface from pulumi/pulumi's docs/architecture/providers/implementers-guide.md
 * without protobuf. Values may contain `Secret`, `Unknown` (previews only) and `Archive`.
 * The user sees the message of a thrown Error unchanged.
 */
export interface Provider {
  readonly name: string;
  readonly version: string;
  /** Whether it names resources as `pulumi:autonaming` says. Otherwise the engine ignores that setting. */
  readonly supportsAutonaming?: boolean;
  /** The Pulumi package schema. */
  schema(): Promise<object>;
  checkConfig(inputs: PropertyMap): CheckResult;
  /** Which settings replace every resource when they change; absent: none. */
  diffConfig?(olds: PropertyMap, news: PropertyMap, provider: { readonly urn: string }): Promise<DiffResult>;
  /**
   * Sets the settings, once: a second call with the same ones is fine, with others an error. Settings with unknowns wait for a later call.
   * `isDefault`: whether the engine creates the provider from the stack's configuration, not a program.
   */
  configure(inputs: PropertyMap, provider?: { readonly isDefault: boolean }): Promise<void>;
  /**
   * `randomSeed`: everything random in the result must follow from it, since an `up` with a plan (`--plan`) has to get the same names as its
   * preview. Empty or absent: nothing has to be repeatable.
   * `autonaming`: what the stack's setting `pulumi:autonaming` says about this resource; only with `supportsAutonaming`.
   */
  check(
    call: ResourceCall,
    request: { olds: PropertyMap; news: PropertyMap; randomSeed?: Uint8Array; autonaming?: Autonaming | undefined },
  ): Promise<CheckResult>;
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
  /** `olds`: the inputs in the state, of which `state` may lack some. */
  delete(call: ResourceCall, request: { id: string; olds?: PropertyMap; state: PropertyMap }): Promise<void>;
  invoke(token: string, args: PropertyMap): Promise<PropertyMap>;
  /** A component for programs in other languages: the names of its outputs, and how to create it. Undefined if there is no such type. */
  component?(
    type: string,
  ): Promise<{ readonly outputs: readonly string[]; readonly construct: ConstructComponent } | undefined>;
  /** Called when the engine requests a stop; the `signal` of every open call is aborted as well. */
  cancel?(): void;
}
