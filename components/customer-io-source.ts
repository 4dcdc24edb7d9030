import * as pulumi from "@pulumi/pulumi";
import { DatasetGuard } from "pulumi-aep";
import type { EventMapping } from "../events/mapping.ts";
import { directWarning } from "./delivery.ts";
import type { Destination } from "./destination.ts";
import { mappingSamples } from "./mapping-samples.ts";
import { type PlatformCredential, platformCredential } from "./platform-credential.ts";
import { PlatformDataflow } from "./platform-dataflow.ts";
import { ReportingWebhookSubscription } from "./reporting-webhook.ts";
import type { Settings } from "./settings.ts";
import { defaultTitle } from "./title.ts";
import { WebhookRelay } from "./webhook-relay.ts";

export interface CustomerIoSourceArgs extends Settings {
  /** What goes where; see `eventMapping`. */
  readonly mappings: readonly EventMapping[];
  /** What of the settings' schema and dataset is there already; default: nothing, so that both are made. */
  readonly destination?: Destination;
  /** With `source: http`, the credential with which the relay gets its access tokens; default: that of the stack's settings `aep:*`. */
  readonly credential?: PlatformCredential;
}

/**
 * Every event of a Customer.io workspace in a dataset of Adobe Experience Platform.
 *
 * Customer.io posts each event to the relay, which stores it before it answers, and delivers it to the dataflow, which
 * maps it into the dataset. They are made in the order in which events travel back: dataflow, relay, webhook; so no
 * event is sent before there is somebody to take it. They go in the opposite order, and the relay not before it has
 * delivered what it holds. With direct delivery there is no relay, and the webhook posts to the dataflow, once that keeps
 * what it takes in.
 */
export class CustomerIoSource extends pulumi.ComponentResource {
  /** Undefined where Customer.io posts straight to Platform. */
  readonly relayUrl: pulumi.Output<string> | undefined;
  readonly streamingUrl: pulumi.Output<string>;
  readonly dataflowId: pulumi.Output<string>;
  readonly datasetId: pulumi.Output<string>;
  readonly schemaId: pulumi.Output<string>;
  readonly webhookId: pulumi.Output<number>;
  readonly nextSteps: pulumi.Output<string[]>;

  constructor(name: string, settings: CustomerIoSourceArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:CustomerIoSource", name, {}, options);
    const parent = { parent: this };
    const title = defaultTitle();

    const { delivery, dataflowActivationSeconds: activationSeconds } = settings;
    if (delivery === "direct") void pulumi.log.warn(directWarning, this);
    const dataflow = new PlatformDataflow(
      `${name}-platform`,
      { ...settings, samples: mappingSamples(settings), title, activationSeconds },
      parent,
    );
    const relay = delivery === "relay" ? this.#relay(`${name}-relay`, settings, dataflow) : undefined;
    // Without the key the relay could verify no event; Customer.io would meet refusals and hold back for an hour.
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
        disabled: awaitsKey,
      },
      // The relay answers and can be drained: only then does Customer.io send.
      { ...parent, dependsOn: relay?.ready ?? [] },
    );

    if (dataflow.ownsDataset) {
      const { forceDestroy, keep } = settings.dataset;
      // Depends on everything, so that a destroy begins with it.
      const dependsOn = [dataflow, ...(relay ? [relay] : []), subscription];
      const guarded = { datasetId: dataflow.datasetId, forceDestroy, keep };
      new DatasetGuard(`${name}-guard`, guarded, { ...parent, dependsOn });
    }

    this.relayUrl = relay?.url;
    this.streamingUrl = dataflow.streamingUrl;
    this.dataflowId = dataflow.dataflowId;
    this.datasetId = dataflow.datasetId;
    this.schemaId = dataflow.schemaId;
    this.webhookId = subscription.webhookId;
    this.nextSteps = subscription.webhookName.apply((webhookName) => (awaitsKey ? keySteps(webhookName) : []));
    this.registerOutputs({
      relayUrl: this.relayUrl,
      dataflowId: this.dataflowId,
      datasetId: this.datasetId,
      schemaId: this.schemaId,
      webhookId: this.webhookId,
    });
  }

  #relay(name: string, settings: CustomerIoSourceArgs, dataflow: PlatformDataflow): WebhookRelay {
    const parent = { parent: this };
    return new WebhookRelay(
      name,
      {
        ...settings,
        streamingUrl: dataflow.streamingUrl,
        // The HTTP API source's endpoint asks for an access token; Customer.io's own source for none.
        credential: settings.source === "http" ? (settings.credential ?? platformCredential()) : undefined,
        readyAt: dataflow.changedAt.apply((changed) => later(changed, settings.dataflowActivationSeconds)),
      },
      parent,
    );
  }
}

/** The App API never returns the signing key, so a person has to carry it over once. */
function keySteps(title: string): string[] {
  return [
    `In Customer.io, open Data & Integrations > Integrations > Reporting Webhooks, and in the three-dots menu of "${title}" choose "Copy signing key".`,
    // Without the key, for which the command asks: an argument would stay in the shell's history.
    "npx pulumi config set --secret signingKeys",
    "npx pulumi up",
    `In Customer.io, press "Send test" for "${title}", and look whether "calls" is fine: npm run ops -- status`,
  ];
}

function later(time: string, seconds: number): string {
  return new Date(Date.parse(time) + seconds * 1000).toISOString();
}
