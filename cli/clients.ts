import { AepClient } from "pulumi-aep/client";
import { config as aepConfig } from "pulumi-aep/settings";
import { ReportingWebhooks } from "pulumi-customerio/client";
import { History } from "pulumi-customerio/history";
import { config as customerIoConfig } from "pulumi-customerio/settings";
import { ownSettings, readConfig } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { AzureClient } from "../relay/deploy/client/client.ts";
import { config as relayConfig } from "../relay/deploy/config.ts";
import type { StackSource } from "./stack/source.ts";

/** Aborts after a minute, including retries. */
export function startTimeLimit(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

const platforms = new WeakMap<StackSource, AepClient>();

/** A client for Platform with the settings of the source's provider `aep`. Shared, since Adobe throttles callers that request many tokens. */
export function platformOf(source: StackSource): AepClient {
  const client = platforms.get(source) ?? new AepClient(settingsOf(source, "aep", aepConfig, "aep:index:Dataflow"));
  platforms.set(source, client);
  return client;
}

/** A client for Customer.io's App API with the settings of the source's provider `customerio`. */
export function customerIoOf(source: StackSource): ReportingWebhooks {
  return new ReportingWebhooks(settingsOf(source, "customerio", customerIoConfig, "customerio:index:ReportingWebhook"));
}

/** A client for what Customer.io recorded, with the same settings. */
export function historyOf(source: StackSource): History {
  return new History(settingsOf(source, "customerio", customerIoConfig, "customerio:index:ReportingWebhook"));
}

/** A client for Azure with the settings of the source's provider `customerio-aep`. */
export function azureOf(source: StackSource): AzureClient {
  return new AzureClient(settingsOf(source, "customerio-aep", relayConfig, "customerio-aep:index:FunctionApp"));
}

/** The addresses of the vendors' APIs, as the source's providers use them; undefined where a source has none of its own. */
export function addressesOf(source: StackSource) {
  const relay = source.hasRelay
    ? settingsOf(source, "customerio-aep", relayConfig, "customerio-aep:index:FunctionApp")
    : undefined;
  return {
    platform: settingsOf(source, "aep", aepConfig, "aep:index:Dataflow").platformUrl,
    customerIo: settingsOf(source, "customerio", customerIoConfig, "customerio:index:ReportingWebhook").appApiUrl,
    azure: relay?.armUrl,
  };
}

/** @param type of the resource that the provider manages */
function settingsOf<Config extends z.ZodObject>(
  source: StackSource,
  name: string,
  schema: Config,
  type: string,
): z.output<Config> {
  const given = source.providerSettings(name, source.resource(type));
  const settings = readConfig(name, schema, ownSettings(schema, given));
  if (settings === undefined) {
    throw new Error(`The settings of ${name} are not known yet: run \`npx pulumi up\` first.`);
  }
  return settings;
}
