import type { Provider, ResourceCall } from "../../providers/kit/provider.ts";
import { PartialFailure } from "../../providers/kit/provider.ts";
import type { PropertyMap } from "../../providers/kit/values.ts";
import type { Line } from "./line.ts";

/** A resource as the engine's state holds it. */
export interface Held {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly properties: PropertyMap;
}

/** One provider process, driven in the order in which Pulumi's engine asks: check, diff, then the step. */
export class Engine {
  readonly line: Line;
  readonly warnings: string[] = [];
  readonly #provider: Provider;
  readonly #stop = new AbortController();

  private constructor(line: Line, provider: Provider) {
    this.line = line;
    this.#provider = provider;
    // A killed process does nothing any more; its zombie in this process ends as soon as it can.
    line.killed.then(() => this.#stop.abort());
  }

  static async start(line: Line, provider: Provider, config: PropertyMap): Promise<Engine> {
    await provider.configure(config);
    return new Engine(line, provider);
  }

  async create(type: string, name: string, news: PropertyMap): Promise<Held> {
    const inputs = await this.check(type, name, {}, news);
    const made = await this.#provider.create(this.#call(type, name), { inputs, preview: false });
    return { type, name, inputs, ...made };
  }

  /** Brings a resource to new inputs as `pulumi up` does, in place or by a replacement in the order of the diff. */
  async change(held: Held, news: PropertyMap, onCreated: (made: Held) => void = () => undefined): Promise<Held> {
    const { type, name, id, properties: state } = held;
    const inputs = await this.check(type, name, held.inputs, news);
    const call = this.#call(type, name);
    const diff = await this.#provider.diff(call, { id, olds: held.inputs, state, news: inputs });
    const kinds = Object.values(diff.detailed);
    if (kinds.length === 0) return held;
    if (!kinds.some((kind) => kind.endsWith("-replace"))) {
      const change = { id, olds: held.inputs, state, news: inputs, preview: false };
      return { ...held, inputs, properties: await this.#provider.update(call, change) };
    }
    if (diff.deleteBeforeReplace) await this.delete(held);
    const made = { type, name, inputs, ...(await this.#provider.create(call, { inputs, preview: false })) };
    onCreated(made);
    if (!diff.deleteBeforeReplace) await this.delete(held);
    return made;
  }

  /** Repairs a half-made resource: the engine asks for an update even where no input has changed. */
  async finish(held: Held): Promise<Held> {
    const { type, name, id, inputs, properties: state } = held;
    const change = { id, olds: inputs, state, news: inputs, preview: false };
    return { ...held, properties: await this.#provider.update(this.#call(type, name), change) };
  }

  async delete({ type, name, id, properties: state }: Held): Promise<void> {
    await this.#provider.delete(this.#call(type, name), { id, state });
  }

  /** As `pulumi refresh` does; undefined: the resource leaves the state. */
  async read({ type, name, id, inputs, properties: state }: Held): Promise<Held | undefined> {
    const found = await this.#provider.read(this.#call(type, name), { id, inputs, state });
    return found && { type, name, ...found };
  }

  /** Inputs with their defaults. */
  async check(type: string, name: string, olds: PropertyMap, news: PropertyMap): Promise<PropertyMap> {
    const { inputs, failures } = await this.#provider.check(this.#call(type, name), { olds, news });
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    return inputs;
  }

  #call(type: string, name: string): ResourceCall {
    return {
      type,
      name,
      urn: `urn:pulumi:dev::crash-safety::${type}::${name}`,
      signal: this.#stop.signal,
      progress: () => undefined,
      warn: (message) => this.warnings.push(message),
    };
  }
}

/** A half-made resource as the engine keeps it. */
export function keptBy(error: unknown, type: string, name: string): Held | undefined {
  if (!(error instanceof PartialFailure)) return undefined;
  return { type, name, id: error.id, inputs: error.inputs, properties: error.properties };
}
