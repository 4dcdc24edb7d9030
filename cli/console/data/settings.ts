import { secretSettings } from "../../../settings/schema.ts";
import type { StackSource } from "../../stack/source.ts";

/** A setting in force. */
interface ShownSetting {
  readonly name: string;
  /** Undefined: it is a secret, and hidden. */
  readonly value: string | undefined;
}

/** The relay's app settings that hold no secret. A new one stays hidden until it is listed here. */
const openAppSettings: ReadonlySet<string> = new Set([
  "PLATFORM_READY_AT",
  "PLATFORM_REQUESTS_PER_SECOND",
  "EVENT_POLICY",
  "MAXIMUM_CALL_AGE_SECONDS",
  "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
  "INSTANCE_MEMORY_MB",
  "DUPLICATE_WINDOW_DAYS",
  "LOG_DETAIL",
  "EVENT_QUEUES",
  "PLATFORM_IMS_URL",
  "PLATFORM_CLIENT_ID",
  "PLATFORM_SCOPES",
  "PLATFORM_ORG_ID",
  "RELAY_CONFIGURATION",
  "RELAY_STORAGE__blobServiceUri",
  "RELAY_STORAGE__queueServiceUri",
  "RELAY_STORAGE__tableServiceUri",
  "RELAY_STORAGE__credential",
  "RELAY_STORAGE__clientId",
]);

/** Settings that are secrets even if they are stored in plain text. Addresses of webhooks hold keys in their paths. */
const alwaysHidden = new Set([
  ...Object.keys(secretSettings).map((name) => `customerio-aep:${name}`),
  "customerio-aep:alertWebhooks",
  "aep:clientSecret",
  "customerio:appApiKey",
]);

/** The stack's configuration and the relay's app settings, without secrets. */
export function listSettings(source: StackSource): { stack: ShownSetting[]; relay: ShownSetting[] } {
  const stack = Object.entries(source.openSettings).map(([name, value]) => ({
    name,
    // Pulumi gives a setting with parts as JSON: one part of a plain one may be an address with a key.
    value: isHidden(name) ? undefined : value,
  }));
  const relay = Object.entries(source.appSettings).map(([name, value]) => ({
    name,
    value: openAppSettings.has(name) ? String(value) : undefined,
  }));
  return { stack: sort(stack), relay: sort(relay) };
}

/** `azure-native:clientSecret`, `aws:secretKey`, … of any program's own configuration. */
function isHidden(name: string): boolean {
  return alwaysHidden.has(name) || /secret|password|token|api_?key|private_?key|signing_?key|credential/i.test(name);
}

function sort(settings: readonly ShownSetting[]): ShownSetting[] {
  return settings.toSorted((one, other) => one.name.localeCompare(other.name, "en"));
}
