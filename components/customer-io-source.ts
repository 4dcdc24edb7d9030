import * as pulumi from "@pulumi/pulumi";
import { DatasetGuard } from "pulumi-aep";
import { RelayGuard } from "../relay/deploy/sdk.ts";
import { directWarning } from "../settings/checks/delivery.ts";
import type { SettingWords } from "../settings/setting-words.ts";
import { listNextSteps } from "./next-steps.ts";
import { outputOf } from "./outputs.ts";
import type { PlatformCredential } from "./platform/platform-credential.ts";
import { PlatformDataflow, type PlatformDataflowArgs } from "./platform/platform-dataflow.ts";
import { prepareDataflow } from "./platform/prepare-dataflow.ts";
import { relayCredential } from "./platform/relay-credential.ts";
import { checkSettings } from "./preflight.ts";
import { azureProfile } from "./relay/azure/azure-profile.ts";
import type { EstimatedCost } from "./relay/relay-cost.ts";
import { WebhookRelay, type WebhookRelayArgs } from "./relay/webhook-relay.ts";
import { ReportingWebhookSubscription } from "./reporting-webhook.ts";
import type { Settings } from "./settings/setting-types.ts";
import { StackSettings } from "./settings/settings-source.ts";
import { type CustomerIoSourceArgs, SourceArguments } from "./settings/source-arguments.ts";
import { defaultTitle } from "./title.ts";

/** The settings, and values derived from them and from Platform's objects. */
type CheckedSettings = Settings & {
  readonly dataflowArgs: PlatformDataflowArgs;
  readonly credential: PlatformCredential | undefined;
  readonly words: SettingWords;
};

/** The outputs of a source. */
interface SourceOutputs {
  readonly relayUrl: pulumi.Output<string> | null;
  readonly relayHostName: pulumi.Output<string> | null;
  readonly estimatedCost: pulumi.Output<EstimatedCost> | null;
  readonly streamingUrl: pulumi.Output<string>;
  readonly dataflowId: pulumi.Output<string>;
  readonly datasetId: pulumi.Output<string>;
  readonly schemaId: pulumi.Output<string>;
  readonly webhookId: pulumi.Output<number>;
  readonly nextSteps: pulumi.Output<string[]>;
}

/**
 * Every event of a Customer.io workspace in a dataset of Adobe Experience Platform.
 *
 * Customer.io posts each event to the relay. The relay stores it before it answers, and delivers it to the dataflow, which
 * maps it into the dataset. They are created from the end of that path to its beginning (dataflow, relay, webhook), so that
 * no event is sent before something can take it, and deleted in the opposite order: the relay only after it has delivered
 * what it holds. With direct delivery there is no relay. The webhook then posts to the dataflow, once the dataflow keeps
 * events.
 */
export class CustomerIoSource extends pulumi.ComponentResource<SourceOutputs> {
  /** The address to which Customer.io posts its events; null if it posts directly to Platform. */
  readonly relayUrl: pulumi.Output<string | null> = outputOf(this.getData(), "relayUrl");
  /**
   * Host name of the relay's function app: the origin of your own front door; null without a relay. A replaced app has
   * a different one.
   */
  readonly relayHostName: pulumi.Output<string | null> = outputOf(this.getData(), "relayHostName");
  /** What the relay costs in Azure in a month, by meter, for the setting `monthlyEvents`; null without a relay. */
  readonly estimatedCost: pulumi.Output<EstimatedCost | null> = outputOf(this.getData(), "estimatedCost");
  /** Where events are posted to Platform. Secret: anyone who has it can write into the dataset. */
  readonly streamingUrl: pulumi.Output<string> = outputOf(this.getData(), "streamingUrl");
  readonly dataflowId: pulumi.Output<string> = outputOf(this.getData(), "dataflowId");
  readonly datasetId: pulumi.Output<string> = outputOf(this.getData(), "datasetId");
  readonly schemaId: pulumi.Output<string> = outputOf(this.getData(), "schemaId");
  readonly webhookId: pulumi.Output<number> = outputOf(this.getData(), "webhookId");
  /** The remaining steps for you, if any. */
  readonly nextSteps: pulumi.Output<string[]> = outputOf(this.getData(), "nextSteps");
  readonly #name: string;
  readonly #given: CustomerIoSourceArgs | StackSettings;

  /**
   * @param given the arguments, or the stack's own configuration; default: every argument has its default
   * @param options `providers` for a different sandbox, workspace or subscription from those of the stack's settings
   */
  constructor(
    name: string,
    given: CustomerIoSourceArgs | StackSettings = {},
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("customerio-aep:index:CustomerIoSource", name, {}, options);
    this.#name = name;
    this.#given = given;
  }

  /** Checks everything before anything is declared, so that mistakes and missing parts are reported before anything is changed. */
  protected override async initialize(): Promise<SourceOutputs> {
    // The SDK calls this from its own constructor; afterwards this object is complete.
    await Promise.resolve();
    const source = this.#given instanceof StackSettings ? this.#given : new SourceArguments(this.#given);
    const { words } = source;
    const prepare = (settings: Settings) => prepareDataflow(settings, words, this);
    const [settings, dataflowArgs] = await checkSettings(source, prepare, this);
    const credential = this.#given instanceof StackSettings ? undefined : this.#given.credential;
    return this.#declare({ ...settings, dataflowArgs, credential, words });
  }

  async #declare(settings: CheckedSettings): Promise<SourceOutputs> {
    const name = this.#name;
    const parent = { parent: this };
    const title = defaultTitle();
    const { delivery, dataflowArgs } = settings;
    if (delivery === "direct") void pulumi.log.warn(directWarning, this);
    // Without a relay it is created first, so that a change that removes the relay is refused before anything else is changed.
    const withoutRelay =
      delivery === "direct" ? [new RelayGuard(`${name}-relay-guard`, { delivery }, { ...parent })] : [];
    const dataflow = new PlatformDataflow(`${name}-platform`, dataflowArgs, { ...parent, dependsOn: withoutRelay });
    const ownsDataset = dataflowArgs.destination.datasetId === undefined;
    const { forceDestroy, keep } = settings.dataset;
    const guarded = { datasetId: dataflow.datasetId, forceDestroy, keep };
    // In a destroy it checks the dataset again when no more events can arrive: the webhook is deleted, and the relay has delivered what it held.
    const guardAgain = (dependsOn: pulumi.Resource[], relayHealthUrl?: pulumi.Output<string>) => {
      if (!ownsDataset) return [];
      const args = { ...guarded, ...(relayHealthUrl && { relayHealthUrl }), deletedBefore: "Customer.io's webhook" };
      return [new DatasetGuard(`${name}-last-guard`, args, { ...parent, dependsOn: [dataflow, ...dependsOn] })];
    };
    const relay = delivery === "relay" ? this.#relay(`${name}-relay`, settings, dataflow, guardAgain) : undefined;
    // If the relay can't be declared, its error is the source's. Otherwise each resource that needs the relay would report it in its own way.
    const ready = await relay?.ready;
    // Without the key the relay could not verify any event: it would refuse Customer.io's calls, and Customer.io would pause for an hour.
    const awaitsKey = relay !== undefined && settings.signingKeys === undefined;
    const subscription = new ReportingWebhookSubscription(
      `${name}-subscription`,
      {
        title,
        name: settings.webhook.name,
        endpoint: relay?.url ?? dataflow.streamingUrl,
        events: settings.events,
        fullResolution: settings.fullResolution,
        withContent: settings.withContent,
        disabled: awaitsKey || settings.webhook.disabled,
      },
      // Customer.io sends only once the relay answers and can be drained.
      { ...parent, dependsOn: ready ?? guardAgain([]) },
    );

    // A destroy deletes first what depends on everything else: if a guard refuses, nothing has been deleted yet.
    let everything: pulumi.Resource[] = [dataflow, ...(relay ? [relay] : []), subscription];
    if (ownsDataset) {
      const args = { ...guarded, ...(relay && { relayHealthUrl: relay.healthUrl }) };
      // What depends on this guard depends on everything; the state need not list it all again.
      everything = [new DatasetGuard(`${name}-guard`, args, { ...parent, dependsOn: everything })];
    }
    if (relay) {
      // This guard is deleted first: dead letters that stop a destroy may become rows, which the dataset's guard must still protect.
      const { queueId, healthUrl, parts } = relay;
      // Protected together with the account: a destroy without a preview then stops at its first resource, before it deletes anything.
      const { protect } = azureProfile(settings.environment, settings.azure);
      new RelayGuard(
        `${name}-relay-guard`,
        { delivery, queueId, healthUrl, parts },
        { ...parent, dependsOn: everything, ...(protect && { protect }) },
      );
    }

    const outputs = {
      relayUrl: relay?.url ?? null,
      relayHostName: relay?.hostName ?? null,
      estimatedCost: relay?.estimatedCost ?? null,
      streamingUrl: dataflow.streamingUrl,
      dataflowId: dataflow.dataflowId,
      datasetId: dataflow.datasetId,
      schemaId: dataflow.schemaId,
      webhookId: subscription.webhookId,
      nextSteps: awaitsKey
        ? pulumi
            .all([subscription.webhookName, dataflow.dataflowId, relay.queueId])
            .apply(([title, dataflowId, queueId]) => listNextSteps(title, { dataflowId, queueId }, settings.words))
        : pulumi.output<string[]>([]),
    };
    this.registerOutputs(outputs);
    return outputs;
  }

  #relay(
    name: string,
    settings: CheckedSettings,
    dataflow: PlatformDataflow,
    afterDrain: WebhookRelayArgs["afterDrain"],
  ): WebhookRelay {
    return new WebhookRelay(
      name,
      {
        ...settings,
        afterDrain,
        expectsEvents: settings.signingKeys !== undefined && !settings.webhook.disabled,
        streamingUrl: dataflow.streamingUrl,
        // The endpoint of the HTTP API source needs an access token; that of Customer.io's own source does not.
        credential:
          settings.source === "http"
            ? (settings.credential ?? relayCredential(settings, settings.words, this))
            : undefined,
        readyAt: dataflow.readyAt,
      },
      { parent: this },
    );
  }
}
