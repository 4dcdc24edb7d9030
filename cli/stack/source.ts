import type { PropertyMap } from "pulumi-provider-kit/settings";
import { z } from "zod";
import { type CommandTarget, pulumiCommand } from "../../relay/core/operator-command.ts";
import type { StackResource } from "./state.ts";

const defaultProvider = /^default(_|$)/;
const hasDataset = z.object({ datasetId: z.string() });
const steps = z.array(z.string()).catch([]);

/** The way of one Customer.io workspace's events in a stack: its webhook, its dataflow and, unless it is direct, its relay. */
export class StackSource {
  /** Name of the component, or of the webhook where a program has made the resources itself. */
  readonly name: string;
  /** Which stack and source it is, for commands that are printed. */
  readonly target: CommandTarget;
  readonly #members: readonly StackResource[];
  readonly #component: StackResource | undefined;
  readonly #providers: ReadonlyMap<string, StackResource>;
  readonly #settings: Readonly<Record<string, string>>;

  constructor(parts: {
    name: string;
    target: CommandTarget;
    members: readonly StackResource[];
    component: StackResource | undefined;
    /** The stack's providers by URN. */
    providers: ReadonlyMap<string, StackResource>;
    /** The stack's configuration. */
    settings: Readonly<Record<string, string>>;
  }) {
    this.name = parts.name;
    this.target = parts.target;
    this.#members = parts.members;
    this.#component = parts.component;
    this.#providers = parts.providers;
    this.#settings = parts.settings;
  }

  /** Whether events go by way of a relay, or straight from Customer.io to Platform. */
  get hasRelay(): boolean {
    return this.all("customerio-aep:index:FunctionCode").length > 0;
  }

  /** Whether there is a relay's storage, in which dead letters may be, of a relay that isn't whole or has been replaced too. */
  get keepsDeadLetters(): boolean {
    return this.all("azure-native:storage:StorageAccount").length > 0;
  }

  /** All of its resources of a type. */
  all(type: string): StackResource[] {
    return this.#members.filter((resource) => resource.type === type && !resource.delete);
  }

  /**
   * Its one resource of a type.
   *
   * @throws if there is none, with the command that makes it, or if there are several
   */
  resource(type: string): StackResource {
    const [found, ...others] = this.all(type);
    if (found === undefined) {
      const make = pulumiCommand("up", this.target);
      throw new Error(`The stack ${this.target.stack} has no ${type}. Make it: ${make}`);
    }
    if (others.length === 0) return found;
    const urns = [found, ...others].map(({ urn }) => `\n  ${urn}`).join("");
    throw new Error(`The source ${this.name} has several resources ${type}, and this needs to know the one:${urns}`);
  }

  /** Resources of a type that have been replaced and are still there, since their deletion failed or is yet to come. */
  replaced(type: string): StackResource[] {
    return this.#members.filter((resource) => resource.type === type && resource.delete);
  }

  /** Where Customer.io posts its events to the relay. */
  get relayUrl(): string {
    const { hostName } = z
      .object({ hostName: z.string() })
      .parse(this.resource("customerio-aep:index:FunctionApp").outputs);
    return `https://${hostName}/customerio`;
  }

  get dataflowId(): string {
    return this.resource("aep:index:Dataflow").id;
  }

  /** Of the dataset that events go into, whether the stack has made it or not. */
  get datasetId(): string {
    return hasDataset.parse(this.resource("aep:index:TargetConnection").outputs).datasetId;
  }

  /** What is left for a person to do, if anything. */
  get nextSteps(): string[] {
    return steps.parse(this.#component?.outputs.nextSteps);
  }

  /**
   * The settings of the provider that manages a resource. Of a default provider the stack's configuration counts first, as it does for
   * the engine: a credential that was rotated is used before the next `up`.
   */
  providerSettings(packageName: string, resource: StackResource): PropertyMap {
    const provider = this.#providers.get(resource.provider?.split("::").slice(0, -1).join("::") ?? "");
    const isDefault = provider === undefined || defaultProvider.test(provider.name);
    return { ...(provider?.inputs as PropertyMap), ...(isDefault && this.#configured(packageName)) };
  }

  #configured(packageName: string): Record<string, string> {
    const prefix = `${packageName}:`;
    const own = Object.entries(this.#settings).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
  }
}
