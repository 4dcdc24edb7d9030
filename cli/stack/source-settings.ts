import { z } from "zod";
import { appSettings } from "../../relay/core/app-settings.ts";
import { parseSigningKeys } from "../../relay/core/intake/verify.ts";
import { noSigningKeyYet, signingKeysSecret } from "../../relay/core/names.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";
import type { StackSource } from "./source.ts";

// The settings in force, read from the relay's resources, since each program sets them in its own way.

const relaySettings = z.object({ properties: z.object({ EVENT_POLICY: appSettings.EVENT_POLICY }) });
const vaultSecret = z.object({ name: z.string(), value: z.string() });
const monitoring = z.object({ silenceAlertHours: z.number() });

/** Which events the relay accepts, and which personal data they keep. */
export function policyOf(source: StackSource): EventPolicy {
  const { properties } = relaySettings.parse(source.resource("azure-native:web:WebAppApplicationSettings").inputs);
  return properties.EVENT_POLICY;
}

/** Until when the relay holds events back, since the dataflow was changed; undefined if it does not, or there is no relay. */
export function holdEndOf(source: StackSource, now: Date): Date | undefined {
  const { data } = appSettings.PLATFORM_READY_AT.safeParse(source.appSettings.PLATFORM_READY_AT);
  return data !== undefined && Date.parse(data) > now.getTime() ? new Date(data) : undefined;
}

/** The relay's signing keys; none if it has none yet. */
export function signingKeysOf(source: StackSource): readonly string[] {
  const secrets = source
    .all("customerio-aep:index:VaultSecret")
    .map(({ inputs }) => vaultSecret.safeParse(inputs).data);
  // In a vault that exists already, digits follow the name.
  const keys = secrets.find((secret) => secret?.name.startsWith(signingKeysSecret))?.value;
  return keys === undefined || keys === noSigningKeyYet ? [] : parseSigningKeys(keys);
}

/** Hours without a call after which the relay's alert is raised; 0: never; undefined: the program that deployed it did not say. */
export function silenceHoursOf(source: StackSource): number | undefined {
  const [first] = source.all("customerio-aep:index:RelayMonitoring");
  return monitoring.safeParse(first?.outputs).data?.silenceAlertHours;
}
