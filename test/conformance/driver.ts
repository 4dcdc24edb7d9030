import type {
  CreateResult,
  Provider,
  ReadResult,
  ResourceCall,
} from "../../packages/pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";

/** An object that a provider made. */
export interface Made {
  /** Type token: `aep:index:Schema`. */
  readonly type: string;
  /** Of the resource, not of the object. */
  readonly name: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly properties: PropertyMap;
}

/** How many resources there are, over all drivers: a name identifies one resource only. */
let resources = 0;

/** Calls a provider as the engine does. */
export class Driver {
  readonly #provider: Provider;
  readonly #settings: PropertyMap;
  readonly #signal = new AbortController().signal;

  private constructor(provider: Provider, settings: PropertyMap) {
    this.#provider = provider;
    this.#settings = settings;
  }

  static async start(provider: Provider, settings: PropertyMap): Promise<Driver> {
    const driver = new Driver(provider, settings);
    await driver.#startRun();
    return driver;
  }

  /** `name` is that of the resource; default: one that no other has. */
  async make(type: string, given: PropertyMap, name = `resource-${resources++}`): Promise<Made> {
    const resource = { type, name };
    const inputs = await this.#check(resource, given);
    const made: CreateResult = await this.#provider.create(this.#call(resource), { inputs, preview: false });
    return { ...resource, inputs, ...made };
  }

  /** As `refresh` does. */
  read(made: Made): Promise<ReadResult | undefined> {
    const { id, inputs, properties } = made;
    return this.#provider.read(this.#call(made), { id, inputs, state: properties });
  }

  /** As `pulumi import` does. */
  import(made: Made): Promise<ReadResult | undefined> {
    return this.#provider.read(this.#call(made), { id: made.id, inputs: {}, state: {} });
  }

  /** Replaces the object if a changed property requires it, and updates it in place otherwise. */
  async change(made: Made, changes: PropertyMap): Promise<Made> {
    const { type, name, id, inputs: olds, properties: state } = made;
    const wanted = Object.entries({ ...olds, ...changes }).filter(([, value]) => value !== null);
    const news = await this.#check(made, Object.fromEntries(wanted));
    const { detailed, deleteBeforeReplace } = await this.#provider.diff(this.#call(made), { id, olds, state, news });
    const kinds = Object.values(detailed);
    if (kinds.length === 0) throw new Error(`${type} sees no change in ${Object.keys(changes).join(", ")}.`);
    if (!kinds.some((kind) => kind.endsWith("-replace"))) {
      const call = { id, olds, state, news, preview: false };
      return { ...made, inputs: news, properties: await this.#provider.update(this.#call(made), call) };
    }
    if (deleteBeforeReplace) await this.#remove(made);
    const replacement = await this.make(type, news, name);
    if (!deleteBeforeReplace) await this.#remove(made);
    return replacement;
  }

  /** As a destroy does, in a run of its own. */
  async delete(made: Made): Promise<void> {
    await this.#startRun();
    await this.#remove(made);
  }

  /** A function of the package, such as `getTenant`. */
  invoke(name: string, args: PropertyMap): Promise<PropertyMap> {
    return this.#provider.invoke(`${this.#provider.name}:index:${name}`, args);
  }

  #startRun(): Promise<void> {
    return this.#provider.configure(this.#settings);
  }

  #remove(made: Made): Promise<void> {
    return this.#provider.delete(this.#call(made), { id: made.id, state: made.properties });
  }

  async #check(resource: Pick<Made, "type" | "name">, news: PropertyMap): Promise<PropertyMap> {
    const { inputs, failures } = await this.#provider.check(this.#call(resource), { olds: {}, news });
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
    return inputs;
  }

  #call({ type, name }: Pick<Made, "type" | "name">): ResourceCall {
    const ignore = () => undefined;
    const urn = `urn:pulumi:dev::test::${type}::${name}`;
    return { type, urn, name, signal: this.#signal, progress: ignore, warn: ignore };
  }
}
