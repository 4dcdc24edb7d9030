import { definitionProvider } from "../../pulumi-provider-kit/src/definition/definition-provider.ts";
import type {
  CreateResult,
  DiffResult,
  Provider,
  ReadResult,
  ResourceCall,
} from "../../pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { sleep } from "../../pulumi-provider-kit/src/http/sleep.ts";
import { AepClient } from "../src/client/client.ts";
import { config } from "../src/config.ts";
import { aepPackage } from "../src/provider.ts";
import { markOf } from "../src/resources/mark.ts";

export { failure as errorOf } from "../../pulumi-provider-kit/test/failure.ts";

export const credential = {
  clientId: "client-1",
  clientSecret: "p8e-hidden",
  orgId: "0123456789ABCDEF01234567@AdobeOrg",
  sandbox: "dev",
};

/** A client that calls a stand-in for Platform and IMS at this address. */
export function clientFor(url: string): AepClient {
  return new AepClient(config.parse({ ...credential, imsUrl: url, platformUrl: url }));
}

/** Drives the provider like the engine, for one resource at a time. */
export class Aep {
  readonly progress: string[] = [];
  readonly stop = new AbortController();
  /** Milliseconds of each wait of more than a second. Waits take no time. */
  readonly waits: number[] = [];
  /** Called during such a wait. */
  duringWait: () => void = () => undefined;
  readonly provider: Provider;
  #settings: PropertyMap = {};

  constructor() {
    const wait = async (milliseconds: number, signal: AbortSignal) => {
      if (milliseconds <= 1_000) return sleep(milliseconds, signal);
      this.waits.push(milliseconds);
      this.duringWait();
    };
    this.provider = definitionProvider({
      ...aepPackage,
      connect: (settings) => new AepClient(settings, { pollInterval: 1, sleep: wait }),
    });
  }

  /** A provider whose settings name this server as Platform and IMS. */
  static async connect(url: string, settings: PropertyMap = {}): Promise<Aep> {
    const aep = new Aep();
    aep.#settings = { ...credential, imsUrl: url, platformUrl: url, ...settings };
    await aep.startRun();
    return aep;
  }

  /** What was created or compared before is then no reason to refuse a deletion. */
  startRun(): Promise<void> {
    return this.provider.configure(this.#settings);
  }

  /** Inputs with their defaults; throws the mistakes. */
  async check(type: string, news: PropertyMap): Promise<PropertyMap> {
    const { inputs, failures } = await this.provider.check(this.#call(type), { olds: {}, news });
    if (failures.length > 0) {
      // As the engine does: it names a property only if there is one.
      throw new Error(failures.map(({ property, reason }) => [property, reason].filter(Boolean).join(": ")).join("\n"));
    }
    return inputs;
  }

  async create(type: string, news: PropertyMap): Promise<CreateResult & { inputs: PropertyMap }> {
    const inputs = await this.check(type, news);
    return { ...(await this.provider.create(this.#call(type), { inputs, preview: false })), inputs };
  }

  /** The preview of a creation. */
  async preview(type: string, news: PropertyMap): Promise<void> {
    await this.provider.create(this.#call(type), { inputs: await this.check(type, news), preview: true });
  }

  /** As `refresh` does with inputs and state, as `pulumi import` does without. */
  read(type: string, id: string, inputs: PropertyMap = {}, state: PropertyMap = {}): Promise<ReadResult | undefined> {
    return this.provider.read(this.#call(type), { id, inputs, state });
  }

  diff(type: string, id: string, olds: PropertyMap, news: PropertyMap): Promise<DiffResult> {
    return this.provider.diff(this.#call(type), { id, olds, state: olds, news });
  }

  async update(type: string, id: string, olds: PropertyMap, news: PropertyMap, state = olds): Promise<PropertyMap> {
    const [before, after] = [await this.check(type, olds), await this.check(type, news)];
    return this.provider.update(this.#call(type), { id, olds: before, state, news: after, preview: false });
  }

  /** As a destroy does, in a run of its own. */
  async delete(type: string, id: string, state: PropertyMap = {}): Promise<void> {
    await this.startRun();
    await this.deleteFormer(type, id, state);
  }

  /** As an `up` does at its end, with what it has replaced. */
  deleteFormer(type: string, id: string, state: PropertyMap = {}): Promise<void> {
    return this.provider.delete(this.#call(type), { id, state });
  }

  #call(type: string): ResourceCall {
    return {
      type,
      urn: urnOf(type),
      name: "thing",
      signal: this.stop.signal,
      progress: (message) => this.progress.push(message),
      warn: (message) => this.progress.push(message),
    };
  }
}

function urnOf(type: string): string {
  return `urn:pulumi:dev::test::${type}::thing`;
}

/** The mark that objects of this type get here. */
export function mark(type: string): string {
  return markOf(urnOf(type));
}
