import { createHash } from "node:crypto";
import type { PropertyMap } from "pulumi-provider-kit/settings";
import { z } from "zod";
import { appSettings } from "../../relay/core/app-settings.ts";
import { type CommandTarget, pulumiCommand } from "../../relay/core/operator-command.ts";
import type { StackResource } from "./state.ts";

const defaultProvider = /^default(_|$)/;
const accountType = "azure-native:storage:StorageAccount";
/** The component whose account holds no events. */
const hostStorage = "$customerio-aep:index:HostStorage$";
const hasDataset = z.object({ datasetId: z.string() });
const hasHostName = z.object({ hostName: z.string() });
const hasProperties = z.object({ properties: z.record(z.string(), z.unknown()) });
const hasUrl = z.object({ url: z.string() });
const steps = z.array(z.string()).catch([]);

/** One Customer.io workspace in a stack: its webhook, its dataflow and, unless delivery is direct, its relay. */
export class StackSource {
  /** Name of the component, or of the webhook if a program creates the resources itself. */
  readonly name: string;
  /** Names stack and source in printed commands. */
  readonly target: CommandTarget;
  readonly #members: readonly StackResource[];
  readonly #component: StackResource | undefined;
  readonly #providers: ReadonlyMap<string, StackResource>;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #secretSettings: ReadonlySet<string>;

  constructor(parts: {
    name: string;
    target: CommandTarget;
    members: readonly StackResource[];
    component: StackResource | undefined;
    /** The stack's providers by URN. */
    providers: ReadonlyMap<string, StackResource>;
    /** The stack's configuration. */
    settings: Readonly<Record<string, string>>;
    /** Which of them Pulumi keeps as secrets. */
    secretSettings?: ReadonlySet<string>;
  }) {
    this.name = parts.name;
    this.target = parts.target;
    this.#members = parts.members;
    this.#component = parts.component;
    this.#providers = parts.providers;
    this.#settings = parts.settings;
    this.#secretSettings = parts.secretSettings ?? new Set();
  }

  /** The same for two readings of a stack that has not changed. */
  get fingerprint(): string {
    const parts = [this.#members, this.#component, [...this.#providers], this.#settings, [...this.#secretSettings]];
    return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
  }

  /** Whether events go through a relay, or straight from Customer.io to Platform. */
  get hasRelay(): boolean {
    return this.all("customerio-aep:index:FunctionCode").length > 0;
  }

  /** Whether the storage of a relay exists, where events and dead letters may be; also that of an incomplete relay. */
  get hasStorage(): boolean {
    return this.#accounts.some((account) => !account.delete);
  }

  /**
   * The storage account with the events and dead letters.
   *
   * @throws if the stack has no such resource, with the command that creates it, or if it has several
   */
  get storageAccount(): StackResource {
    return this.#only(
      accountType,
      this.#accounts.filter((account) => !account.delete),
    );
  }

  /** The storage accounts of replaced relays that still exist, with the dead letters in them. */
  get replacedStorageAccounts(): StackResource[] {
    return this.#accounts.filter((account) => account.delete);
  }

  get #accounts(): StackResource[] {
    return this.#members.filter(({ type, urn }) => type === accountType && !urn.includes(hostStorage));
  }

  /** All of its resources of a type. */
  all(type: string): StackResource[] {
    return this.#members.filter((resource) => resource.type === type && !resource.delete);
  }

  /**
   * Its one resource of a type.
   *
   * @throws if the stack has no such resource, with the command that creates it, or if it has several
   */
  resource(type: string): StackResource {
    return this.#only(type, this.all(type));
  }

  #only(type: string, [found, ...others]: readonly StackResource[]): StackResource {
    if (found === undefined) {
      const make = pulumiCommand("up", this.target);
      throw new Error(`The stack ${this.target.stack} has no ${type}. Create it: ${make}`);
    }
    if (others.length === 0) return found;
    const urns = [found, ...others].map(({ urn }) => `\n  ${urn}`).join("");
    throw new Error(
      `The source ${this.name} has several resources of type ${type}, but this command needs exactly one:${urns}`,
    );
  }

  /** The number of queues among which the relay divides the events, as the last `npx pulumi up` set it. */
  get eventQueues(): number {
    return appSettings.EVENT_QUEUES.parse(this.appSettings.EVENT_QUEUES);
  }

  /** The app settings of the relay, as the last `npx pulumi up` wrote them; none if there is no relay. */
  get appSettings(): Readonly<Record<string, unknown>> {
    const [settings] = this.all("azure-native:web:WebAppApplicationSettings");
    return hasProperties.safeParse(settings?.inputs).data?.properties ?? {};
  }

  /** Where Customer.io posts its events: the setting `webhookEndpoint`, or the relay's function app. */
  get relayUrl(): string {
    const [relay] = this.all("customerio-aep:index:WebhookRelay");
    // Resources that a program declares by itself have no such component.
    return hasUrl.safeParse(relay?.outputs).data?.url ?? `https://${this.relayHostName}/customerio`;
  }

  /** Host name of the relay's function app, whatever address Customer.io posts to. */
  get relayHostName(): string {
    return hasHostName.parse(this.resource("customerio-aep:index:FunctionApp").outputs).hostName;
  }

  get healthUrl(): string {
    return `https://${this.relayHostName}/health`;
  }

  get dataflowId(): string {
    return this.resource("aep:index:Dataflow").id;
  }

  /** Id of the dataset that receives the events, whether or not the stack created it. */
  get datasetId(): string {
    return hasDataset.parse(this.resource("aep:index:TargetConnection").outputs).datasetId;
  }

  /** The stack's configuration by names such as `aep:orgId`; the value of a secret is undefined. */
  get openSettings(): Readonly<Record<string, string | undefined>> {
    return Object.fromEntries(
      Object.entries(this.#settings).map(([name, value]) => [name, this.#secretSettings.has(name) ? undefined : value]),
    );
  }

  /**
   * The value of a setting of the program, such as `signingKeys`, also of a secret; undefined if it has none, or secrets were not read.
   *
   * @param key without a namespace, that of the project
   */
  readSetting(key: string): string | undefined {
    return this.#settings[key.includes(":") ? key : `${this.home.project}:${key}`];
  }

  /** The stack and project that it belongs to, whatever name of the stack the user gave. */
  get home(): { readonly stack: string; readonly project: string } {
    const [, stack = "", project = ""] = this.#members[0]?.urn.match(/^urn:pulumi:(.*?)::(.*?)::/) ?? [];
    return { stack, project };
  }

  /** What an operator still has to do, if anything. */
  get nextSteps(): string[] {
    return steps.parse(this.#component?.outputs.nextSteps);
  }

  /**
   * The settings of the provider that manages a resource. For a default provider, the stack's configuration takes precedence, as it does
   * for the engine: a rotated credential is used before the next `up`.
   */
  providerSettings(packageName: string, resource: StackResource): PropertyMap {
    const provider = this.#providers.get(resource.provider?.split("::").slice(0, -1).join("::") ?? "");
    const isDefault = provider === undefined || defaultProvider.test(provider.name);
    return { ...(provider?.inputs as PropertyMap), ...(isDefault && this.#configOf(packageName)) };
  }

  #configOf(packageName: string): Record<string, string> {
    const prefix = `${packageName}:`;
    const own = Object.entries(this.#settings).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
  }
}
