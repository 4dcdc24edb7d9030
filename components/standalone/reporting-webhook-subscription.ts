import type * as pulumi from "@pulumi/pulumi";
import type { WebhookSetting } from "../../settings/part-settings.ts";
import { ReportingWebhookSubscription } from "../reporting-webhook.ts";
import type { SettingArguments } from "../settings/setting-arguments.ts";
import { SourceArguments } from "../settings/source-arguments.ts";
import { defaultTitle } from "../title.ts";

/** The arguments of a subscription. Everything but `endpoint` has the default of `CustomerIoSource`. */
export interface StandaloneSubscriptionArgs extends Pick<SettingArguments, WebhookSetting> {
  /** Where Customer.io posts its events, such as `url` of a `WebhookRelay`. */
  endpoint: pulumi.Input<string>;
}

/**
 * The reporting webhook of a source on its own, for your own endpoint. It adopts a webhook that a killed run left
 * behind.
 *
 * @example
 * new ReportingWebhookSubscription("subscription", { endpoint: relay.url }, { dependsOn: relay });
 */
export class StandaloneSubscription extends ReportingWebhookSubscription {
  /** @param options `providers` for a different workspace from that of the stack's settings */
  constructor(
    name: string,
    { endpoint, ...settings }: StandaloneSubscriptionArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    const { events, fullResolution, withContent, webhook } = new SourceArguments(settings).read();
    const { name: given, disabled } = webhook;
    const args = { events, fullResolution, withContent, endpoint, disabled };
    super(name, { ...args, title: defaultTitle(), name: given }, options);
  }
}
