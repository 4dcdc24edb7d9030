import * as pulumi from "@pulumi/pulumi";
import type { RelaySetting } from "../../settings/part-settings.ts";
import { type CredentialArgument, completeCredential } from "../platform/platform-credential.ts";
import { relayPackage } from "../relay/relay-package.ts";
import { WebhookRelay } from "../relay/webhook-relay.ts";
import type { SettingArguments } from "../settings/setting-arguments.ts";
import { SourceArguments } from "../settings/source-arguments.ts";

/** The arguments of a relay. Everything but `streamingUrl` has the default of `CustomerIoSource`. */
export interface StandaloneRelayArgs extends Pick<SettingArguments, RelaySetting | "signingKeys"> {
  /** Where the relay posts events: the streaming endpoint of a dataflow. Kept as a secret. */
  streamingUrl: pulumi.Input<string>;
  /**
   * Before this time (ISO 8601) the relay holds events: `readyAt` of a `PlatformDataflow` in the same program. Default:
   * it sends at once.
   */
  readyAt?: pulumi.Input<string>;
  /** The credential for access tokens, if the endpoint requires them. Default: the relay sends without one. */
  credential?: CredentialArgument;
}

/**
 * The relay of a source on its own, for an existing dataflow. Make what sends to its `url` depend on it (option
 * `dependsOn`), and a `RelayGuard` on that, so that a destroy ends the sending first and then waits until the relay has
 * delivered what it holds.
 *
 * @example
 * const { url } = new WebhookRelay("relay", { streamingUrl: config.requireSecret("streamingUrl"), signingKeys });
 */
export class StandaloneWebhookRelay extends WebhookRelay {
  /**
   * @param args those that decide which resources exist must be plain values, as for `CustomerIoSource`
   * @param options `providers` for a different subscription from that of the stack's settings
   */
  constructor(
    name: string,
    { streamingUrl, readyAt, credential, ...settings }: StandaloneRelayArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    const source = new SourceArguments(settings);
    const read = source.read();
    // Checked here as well: if only the component found it missing, every resource that depends on its outputs would
    // report an error of its own.
    relayPackage();
    super(
      name,
      {
        ...read,
        words: source.words,
        expectsEvents: read.signingKeys !== undefined,
        streamingUrl: pulumi.secret(streamingUrl),
        readyAt: readyAt ?? new Date(0).toISOString(),
        credential: credential && completeCredential(credential),
        afterDrain: () => [],
      },
      options,
    );
  }
}
