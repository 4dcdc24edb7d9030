import type { z } from "zod";
import { AepClient } from "../providers/aep/client.ts";
import { config as aepConfig } from "../providers/aep/config.ts";
import { ReportingWebhooks } from "../providers/customerio/client.ts";
import { config as customerIoConfig } from "../providers/customerio/config.ts";
import { readConfig } from "../providers/kit/provider-config.ts";
import { AzureClient } from "../providers/relay/client.ts";
import { config as relayConfig } from "../providers/relay/config.ts";
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

/** Azure, as the stack's provider `relay` would talk to it. */
export function azureOf(stack: PulumiStack): AzureClient {
  return new AzureClient(settingsFor("relay", relayConfig, stack));
}

function settingsFor<Config extends z.ZodObject>(name: string, schema: Config, stack: PulumiStack): z.output<Config> {
  const settings = readConfig(name, schema, stack.settingsOf(name));
  if (settings === undefined) throw new Error(`The settings of ${name} are not known yet.`);
  return settings;
}
