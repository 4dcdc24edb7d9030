import * as pulumi from "@pulumi/pulumi";
import { hostBodyLimit } from "../../relay/core/intake/body-limit.ts";
import { noSigningKeyYet, signingKeysSecret } from "../../relay/core/names.ts";
import type { PlatformCredential } from "../platform/platform-credential.ts";
import type { Settings } from "../settings/setting-types.ts";
import type { UsedResources } from "./relay-access.ts";
import { type CarriedSetting, relayAppSettings } from "./relay-app-settings.ts";

interface ReferringArgs extends Pick<Settings, CarriedSetting | "eventQueues" | "signingKeys"> {
  streamingUrl: pulumi.Input<string>;
  credential: PlatformCredential | undefined;
  readyAt: pulumi.Input<string>;
}

/** The app settings: those of the program, and references to the relay's resources and to its secrets, which it puts into the vault. */
export function referringSettings(
  args: ReferringArgs,
  { storage, hostAccount, monitoring, vault, identity }: UsedResources,
): Record<string, pulumi.Input<string>> {
  // Secrets exist even without a value, since Azure Resource Manager can't delete one.
  const signingKeys = vault.reference(
    signingKeysSecret,
    "Customer.io signing keys",
    args.signingKeys ?? noSigningKeyYet,
  );
  const clientSecret = vault.reference(
    "platform-client-secret",
    "Adobe client secret",
    args.credential?.clientSecret ?? "none",
  );
  return {
    ...relayAppSettings(args, {
      PLATFORM_STREAMING_URL: vault.reference(
        "platform-streaming-url",
        "Platform streaming endpoint",
        args.streamingUrl,
      ),
      PLATFORM_READY_AT: args.readyAt,
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(hostBodyLimit),
      PLATFORM_IMS_URL: args.credential?.imsUrl,
      PLATFORM_CLIENT_ID: args.credential?.clientId,
      PLATFORM_SCOPES: args.credential?.scopes,
      PLATFORM_ORG_ID: args.credential?.orgId,
      PLATFORM_CLIENT_SECRET: args.credential && clientSecret,
      CUSTOMERIO_SIGNING_KEYS: args.signingKeys && signingKeys,
      // Only in this case, so that nothing changes for a stack with one queue.
      EVENT_QUEUES: args.eventQueues > 1 ? String(args.eventQueues) : undefined,
      ...storage.account.connection("RELAY_STORAGE", identity.clientId),
    }),
    ...hostAccount.connection("AzureWebJobsStorage", identity.clientId),
    APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.connectionString,
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: pulumi.interpolate`ClientId=${identity.clientId};Authorization=AAD`,
  };
}
