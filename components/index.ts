export * from "../relay/deploy/sdk.ts";
export { CustomerIoSource } from "./customer-io-source.ts";
export type { PlatformCredential } from "./platform/platform-credential.ts";
export { StackSettings } from "./settings/settings-source.ts";
export type { CustomerIoSourceArgs } from "./settings/source-arguments.ts";
export {
  type StandaloneDataflowArgs as PlatformDataflowArgs,
  StandalonePlatformDataflow as PlatformDataflow,
} from "./standalone/platform-dataflow.ts";
export {
  StandaloneSubscription as ReportingWebhookSubscription,
  type StandaloneSubscriptionArgs as ReportingWebhookSubscriptionArgs,
} from "./standalone/reporting-webhook-subscription.ts";
export {
  type StandaloneRelayArgs as WebhookRelayArgs,
  StandaloneWebhookRelay as WebhookRelay,
} from "./standalone/webhook-relay.ts";
