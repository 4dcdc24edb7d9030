import * as pulumi from "@pulumi/pulumi";
import * as customerio from "pulumi-customerio";
import { keepName } from "./title.ts";

export interface ReportingWebhookSubscriptionArgs {
  /** The webhook's name in Customer.io, if the settings have one. */
  name: pulumi.Input<string> | undefined;
  /** Its default name, which it keeps once it is created. */
  title: string;
  /** Where Customer.io posts its events. */
  endpoint: pulumi.Input<string>;
  events: pulumi.Input<string[]>;
  /** True sends every open and click of a delivery, false the first of each. */
  fullResolution: pulumi.Input<boolean>;
  /** True adds the message body to the sent events. */
  withContent: pulumi.Input<boolean>;
  /** A disabled webhook exists, with its signing key to be copied, but sends nothing. */
  disabled: pulumi.Input<boolean>;
}

/** Customer.io's reporting webhook, which posts to the relay. */
export class ReportingWebhookSubscription extends pulumi.ComponentResource {
  readonly webhookId: pulumi.Output<number>;
  /** The webhook's name in Customer.io. */
  readonly webhookName: pulumi.Output<string>;

  constructor(name: string, args: ReportingWebhookSubscriptionArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:ReportingWebhookSubscription", name, {}, options);
    const { title, name: given, ...webhookArgs } = args;
    const parent = { parent: this };
    const keeping = { ...parent, ...keepName("name", given) };
    const named = { name: given ?? title };
    const claim = { ...named, endpoint: args.endpoint };
    // Created first and deleted last, so that it also deletes objects that a killed run could not record.
    const ownership = new customerio.Ownership(`${name}-ownership`, claim, keeping);
    const webhook = new customerio.ReportingWebhook(
      `${name}-webhook`,
      { ...named, ...webhookArgs },
      { ...keeping, dependsOn: ownership },
    );
    this.webhookId = webhook.webhookId;
    this.webhookName = webhook.name;
    this.registerOutputs({ webhookId: this.webhookId });
  }
}
