import { isDeepStrictEqual } from "node:util";
import {
  type DiffResult,
  PartialFailure,
  type Provider,
  type ResourceCall,
} from "../../packages/pulumi-provider-kit/src/engine/provider.ts";
import {
  isMap,
  type PropertyMap,
  type PropertyValue,
  reveal,
  Secret,
  Unknown,
} from "../../packages/pulumi-provider-kit/src/engine/values.ts";

/** A resource that a program declares; its inputs may hold references to resources before it. */
export interface Declared {
  readonly name: string;
  readonly type: string;
  readonly inputs: { readonly [key: string]: Input };
  /** Names of the resources on which it depends without a reference in its inputs. */
  readonly dependsOn?: readonly string[];
}

/** The value of another resource's property, or its id. */
export class Reference {
  readonly name: string;
  readonly property: string;
  constructor(name: string, property = "id") {
    this.name = name;
    this.property = property;
  }
}

export type Input = PropertyValue | Reference | readonly Input[] | { readonly [key: string]: Input };

/** A resource in the state. */
export interface Held {
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly properties: PropertyMap;
  readonly dependsOn?: readonly string[];
  /** Partly created: the next `up` updates it, even with unchanged inputs. */
  readonly unfinished: boolean;
  /** Replaced already; deleted at the end of the next `up` that gets that far. */
  readonly doomed: boolean;
}

/** An operation that ended with an error, as the user sees it; the state contains what was done until then. */
export class OperationFailed extends Error {
  readonly reason: unknown;
  constructor(what: string, reason: unknown) {
    super(`${what}: ${reason instanceof Error ? reason.message : String(reason)}`);
    this.name = "OperationFailed";
    this.reason = reason;
  }
}

/**
 * What Pulumi's engine does with providers and state, step by step (pulumi/pulumi:
 * pkg/resource/deploy/step_generator.go and the implementer's guide): checks, diffs, replaces (before or after the delete,
 * with the dependents that must go first), keeps partly created resources, deletes in reverse order of dependency.
 */
export class Engine {
  /** Never changed in place, so that its value at the moment of a kill is known. */
  state: readonly Held[];
  readonly #stack: string;
  readonly #provider: (type: string) => Provider;
  readonly #signal: AbortSignal;

  constructor(
    stack: { readonly name: string; readonly state: readonly Held[] },
    provider: (type: string) => Provider,
    signal: AbortSignal,
  ) {
    this.#stack = stack.name;
    this.state = stack.state;
    this.#provider = provider;
    this.#signal = signal;
  }

  async up(program: readonly Declared[]): Promise<void> {
    for (const declared of program) await this.#register(declared);
    const names = new Set(program.map(({ name }) => name));
    await this.#deleteAll(this.state.filter((held) => held.doomed || !names.has(held.name)));
  }

  /** The names of the resources that an `up` of the program would touch. */
  async preview(program: readonly Declared[]): Promise<string[]> {
    const touched: string[] = [];
    for (const declared of program) {
      const held = this.current(declared.name);
      const inputs = held && (await this.#check(declared, held.inputs));
      const diff = held && inputs && (await this.#diff(held, inputs));
      if (!diff || held.unfinished || Object.keys(diff.detailed).length > 0) touched.push(declared.name);
    }
    const names = new Set(program.map(({ name }) => name));
    return [...touched, ...this.state.filter(({ name, doomed }) => doomed || !names.has(name)).map(({ name }) => name)];
  }

  async destroy(): Promise<void> {
    await this.#deleteAll(this.state);
  }

  /** Follows the advice of an error about an object that the vendor never deletes: `pulumi state delete`. */
  release(error: OperationFailed): Held | undefined {
    const urn = error.message.match(/pulumi state delete '([^']+)'/)?.[1];
    const named = this.state.find((held) => urnOf(this.#stack, held) === urn);
    if (named) this.#drop(named);
    return named;
  }

  /** Reads everything again, or one resource only; returns the names of resources that differ from the state. */
  async refresh(only?: string): Promise<string[]> {
    const drifted: string[] = [];
    for (const held of this.state) {
      if (only !== undefined && held.name !== only) continue;
      const read = await this.#read(held);
      if (!read) {
        this.#drop(held);
        drifted.push(held.name);
        continue;
      }
      // As it shows what the refresh has found (`RefreshStep` in pkg/resource/deploy/step.go).
      await this.#diff({ ...held, ...read }, held.inputs);
      const { id, inputs } = read;
      if (!isDeepStrictEqual(reveal(inputs), reveal(held.inputs)) || id !== held.id) drifted.push(held.name);
      this.#put(held, { ...held, ...read });
    }
    return drifted;
  }

  /** Adds an existing object to the state, as `pulumi import` does. */
  async import(name: string, type: string, id: string): Promise<Held> {
    const step = { name, type };
    const read = await this.#attempt(step, () =>
      this.#provider(type).read(this.#call(step), { id, inputs: {}, state: {} }),
    );
    if (!read) throw new OperationFailed(name, new Error(`there is no object ${id}`));
    const held = { ...step, ...read, unfinished: false, doomed: false };
    const inputs = await this.#check({ ...step, inputs: read.inputs }, read.inputs);
    const { detailed } = await this.#diff(held, inputs);
    const changed = Object.keys(detailed);
    if (changed.length > 0) throw new TypeError(`the import of ${type} ${id} shows changes: ${changed.join(", ")}`);
    this.#add(held);
    return held;
  }

  /** The state of a resource, without replaced versions. */
  current(name: string): Held | undefined {
    return this.state.find((held) => held.name === name && !held.doomed);
  }

  async #register(declared: Declared): Promise<void> {
    const held = this.current(declared.name);
    const inputs = await this.#check(declared, held?.inputs ?? {});
    if (!held) return this.#create(declared, inputs);
    const diff = await this.#diff(held, inputs);
    if (!replaces(diff)) {
      // The program may have changed its dependencies, which makes no difference to the provider.
      const known = { ...held, dependsOn: declared.dependsOn ?? [] };
      this.#put(held, known);
      if (known.unfinished || Object.keys(diff.detailed).length > 0) await this.#update(known, inputs);
      return;
    }
    if (diff.deleteBeforeReplace) {
      await this.#deleteAll([...(await this.#findReplaced(held)), held]);
      return this.#create(declared, inputs);
    }
    // The old one exists beside the new one until everything else has been updated.
    const doomed = { ...held, doomed: true };
    this.#put(held, doomed);
    try {
      await this.#create(declared, inputs);
    } catch (error) {
      if (!this.current(declared.name)) this.#put(doomed, held);
      throw error;
    }
  }

  async #create(declared: Declared, inputs: PropertyMap): Promise<void> {
    const { name, type, dependsOn = [] } = declared;
    const made = { name, type, inputs, dependsOn, doomed: false };
    try {
      const { id, properties } = await this.#provider(type).create(this.#call(declared), { inputs, preview: false });
      if (id === "") throw new TypeError(`${name} was made without an id`);
      this.#add({ ...made, id, properties, unfinished: false });
    } catch (error) {
      if (error instanceof PartialFailure) {
        this.#add({ ...made, id: error.id, properties: error.properties, unfinished: true });
      }
      throw failureOf(declared, error);
    }
  }

  async #update(held: Held, inputs: PropertyMap): Promise<void> {
    const { id, properties: state } = held;
    const request = { id, olds: held.inputs, state, news: inputs, preview: false };
    try {
      const properties = await this.#provider(held.type).update(this.#call(held), request);
      this.#put(held, { ...held, inputs, properties, unfinished: false });
    } catch (error) {
      if (error instanceof PartialFailure) {
        this.#put(held, { ...held, inputs, properties: error.properties, unfinished: true });
      }
      throw failureOf(held, error);
    }
  }

  /** The resources to delete first because they are replaced with it: its dependents' dependents first. */
  async #findReplaced(root: Held): Promise<Held[]> {
    const found: Held[] = [];
    for (const dependent of this.state) {
      if (dependent === root || dependent.doomed || !mentions(dependent, root)) continue;
      const diff = await this.#diff(dependent, obscure(dependent.inputs, root.id) as PropertyMap);
      if (replaces(diff)) found.push(...(await this.#findReplaced(dependent)), dependent);
    }
    return [...new Set(found)];
  }

  /**
   * Deletes resources without dependents, concurrently as far as the order allows: a refused one is tried again when
   * another is deleted, since the provider waits for it. Fails once all that are left are refused.
   */
  async #deleteAll(doomed: readonly Held[]): Promise<void> {
    const left = [...doomed];
    const refused = new Map<Held, unknown>();
    while (left.length > 0) {
      const free = left.filter((held) => left.every((other) => other === held || !mentions(other, held)));
      const next = free.findLast((held) => !refused.has(held));
      if (!next) throw [...refused.values()][0] ?? new TypeError("the state's dependencies form a circle");
      try {
        await this.#attempt(next, () =>
          this.#provider(next.type).delete(this.#call(next), {
            id: next.id,
            olds: next.inputs,
            state: next.properties,
          }),
        );
      } catch (error) {
        refused.set(next, error);
        continue;
      }
      this.#drop(next);
      left.splice(left.indexOf(next), 1);
      refused.clear();
    }
  }

  async #check(declared: Declared, olds: PropertyMap): Promise<PropertyMap> {
    const news = this.#resolve(declared.inputs) as PropertyMap;
    const { inputs, failures } = await this.#provider(declared.type).check(this.#call(declared), { olds, news });
    const [failure] = failures;
    if (failure) throw new OperationFailed(declared.name, new Error(failure.reason));
    return inputs;
  }

  async #diff(held: Held, news: PropertyMap): Promise<DiffResult> {
    const request = { id: held.id, olds: held.inputs, state: held.properties, news };
    try {
      return await this.#provider(held.type).diff(this.#call(held), request);
    } catch (error) {
      throw failureOf(held, error);
    }
  }

  /** A refresh forgets that an object is unfinished, unless the read says so again, which fails no refresh. */
  async #read(held: Held): Promise<Pick<Held, "id" | "inputs" | "properties" | "unfinished"> | undefined> {
    const request = { id: held.id, inputs: held.inputs, state: held.properties };
    try {
      const read = await this.#provider(held.type).read(this.#call(held), request);
      return read && { ...read, unfinished: false };
    } catch (error) {
      if (!(error instanceof PartialFailure)) throw failureOf(held, error);
      const { id, inputs, properties } = error;
      return { id, inputs, properties, unfinished: true };
    }
  }

  async #attempt<T>(step: { name: string; type: string }, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw failureOf(step, error);
    }
  }

  #call({ name, type }: { name: string; type: string }): ResourceCall {
    const urn = urnOf(this.#stack, { name, type });
    return { name, type, urn, signal: this.#signal, progress: () => undefined, warn: () => undefined };
  }

  #add(held: Held): void {
    this.state = [...this.state, held];
  }

  #put(held: Held, now: Held): void {
    this.state = this.state.map((entry) => (entry === held ? now : entry));
  }

  #drop(held: Held): void {
    this.state = this.state.filter((entry) => entry !== held);
  }

  #resolve(input: Input): PropertyValue {
    if (input instanceof Reference) {
      const held = this.current(input.name);
      const value = input.property === "id" ? held?.id : held?.properties[input.property];
      if (value === undefined) throw new OperationFailed(input.name, new Error(`it has no ${input.property} yet`));
      return value;
    }
    if (Array.isArray(input)) return input.map((item) => this.#resolve(item));
    if (!isMap(input as PropertyValue)) return input as PropertyValue;
    return Object.fromEntries(Object.entries(input as object).map(([key, item]) => [key, this.#resolve(item)]));
  }
}

/** As the engine names a resource. */
export function urnOf(stack: string, { name, type }: { readonly name: string; readonly type: string }): string {
  return `urn:pulumi:${stack}::lives::${type}::${name}`;
}

function replaces(diff: DiffResult): boolean {
  return Object.values(diff.detailed).some((kind) => kind.endsWith("-replace"));
}

function failureOf(step: { name: string }, error: unknown): unknown {
  return error instanceof TypeError ? error : new OperationFailed(step.name, error);
}

/** Whether one resource depends on another; the engine knows it from the program, and here it follows from the inputs. */
function mentions(held: Held, other: Held): boolean {
  if (held.dependsOn?.includes(other.name)) return true;
  // Nothing refers to a webhook, whose id is a small number that occurs in many texts, nor to a claim to a name, nor to a guard, which
  // has the id of its dataset.
  if (other.type.startsWith("customerio:") || other.type === "aep:index:DatasetGuard") return false;
  return JSON.stringify(reveal(held.inputs)).includes(JSON.stringify(other.id).slice(1, -1));
}

/** Inputs as they are while the resource of this id is being replaced: what came from it is not known. */
function obscure(value: PropertyValue, id: string): PropertyValue {
  if (typeof value === "string") return value.includes(id) ? Unknown.instance : value;
  if (value instanceof Secret) return obscure(value.value, id);
  if (Array.isArray(value)) return value.map((item) => obscure(item, id));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, obscure(item, id)]));
}
