import { AepClient } from "pulumi-aep/client";
import { config as aepConfig } from "pulumi-aep/settings";
import { ReportingWebhooks } from "pulumi-customerio/client";
import { config as customerIoConfig } from "pulumi-customerio/settings";
import { ownSettings, readConfig } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { AzureClient } from "../relay/deploy/client/client.ts";
import { config as relayConfig } from "../relay/deploy/config.ts";
import type { PulumiStack } from "./pulumi-stack.ts";

/** Ends what takes longer than a minute, tries again included. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

const platforms = new WeakMap<PulumiStack, AepClient>();

/** Platform, as the stack's provider `aep` would talk to it; always the same client, since Adobe throttles who asks for many tokens. */
export function platformOf(stack: PulumiStack): AepClient {
  const client = platforms.get(stack) ?? new AepClient(settingsFor("aep", aepConfig, stack));
  platforms.set(stack, client);
  return client;
}

/** Customer.io's App API, as the stack's provider `customerio` would talk to it. */
export function customerIoOf(stack: PulumiStack): ReportingWebhooks {
  return new ReportingWebhooks(settingsFor("customerio", customerIoConfig, stack));
}

/** Azure, as the stack's provider `customerio-aep` would talk to it. */
export function azureOf(stack: PulumiStack): AzureClient {
  return new AzureClient(settingsFor("customerio-aep", relayConfig, stack));
}

function settingsFor<Config extends z.ZodObject>(name: string, schema: Config, stack: PulumiStack): z.output<Config> {
  const settings = readConfig(name, schema, ownSettings(schema, stack.settingsOf(name)));
  if (settings === undefined) throw new Error(`The settings of ${name} are not known yet.`);
  return settings;
}
