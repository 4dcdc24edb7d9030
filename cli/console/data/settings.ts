import type { StackSource } from "../../stack/source.ts";
import { secretTextsIn } from "../../support/hidden-settings.ts";

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

/** The stack's configuration and the relay's app settings, without secrets. */
export function listSettings(source: StackSource): { stack: ShownSetting[]; relay: ShownSetting[] } {
  const stack = Object.entries(source.openSettings).map(([name, value]) => ({
    name,
    value: value !== undefined && secretTextsIn(name, value).length === 0 ? value : undefined,
  }));
  const relay = Object.entries(source.appSettings).map(([name, value]) => ({
    name,
    value: openAppSettings.has(name) ? String(value) : undefined,
  }));
  return { stack: sort(stack), relay: sort(relay) };
}

function sort(settings: readonly ShownSetting[]): ShownSetting[] {
  return settings.toSorted((one, other) => one.name.localeCompare(other.name, "en"));
}
