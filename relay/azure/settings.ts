import type * as z from "zod";
import { type AppSettingName, appSettings, appSettingsSchema, type LogDetail } from "../core/app-settings.ts";
import { isSet, isUnresolved, parseSigningKeys } from "../core/intake/verify.ts";
import type { EventPolicy } from "../core/policy/policy.ts";
import type { InletCredential } from "./delivery/inlet-tokens.ts";

/** The destination of events and the time from which they are sent; or a message about invalid settings. */
export type DestinationSettings =
  | {
      readonly streamingUrl: string;
      readonly readyAt: Date | undefined;
      /** Maximum requests per second of all instances together. */
      readonly requestsPerSecond: number;
      /** For an inlet that requires an access token; otherwise undefined. */
      readonly credential: InletCredential | undefined;
    }
  | SettingsProblem;

/** How the relay reaches its storage account: see `readAppSettings`. */
export type StorageSettings =
  | { readonly connectionString: string }
  | {
      readonly queueServiceUri: string;
      readonly blobServiceUri: string;
      readonly tableServiceUri: string | undefined;
      readonly clientId: string | undefined;
    }
  | SettingsProblem;

/** Names the invalid setting, never its value. */
interface SettingsProblem {
  readonly problem: string;
}

/** The intake's settings; or a message about invalid ones, with which it accepts no call. */
export type IntakeSettings =
  | {
      readonly policy: EventPolicy;
      /** How far the signature's timestamp may be from the current time; 0: any distance. */
      readonly maximumAgeSeconds: number;
    }
  | SettingsProblem;

export interface RelaySettings {
  /** Empty if signatures can't be checked. */
  readonly signingKeys: readonly string[];
  readonly intake: IntakeSettings;
  readonly platform: DestinationSettings;
  /** Days for which delivered events are remembered, to leave out duplicates; 0: not at all. */
  readonly duplicateWindowDays: number;
  readonly storage: StorageSettings;
  /** Number of queues of events. */
  readonly eventQueues: number;
  /** Memory of the instance. */
  readonly instanceMemoryMB: number;
  /** Whether the log has a line for each event, or sums. */
  readonly logDetail: LogDetail;
  /** Digest of all settings, which tells a deployment which ones are in force; undefined if none is set. */
  readonly configuration: string | undefined;
  /** Names of the settings whose Key Vault reference App Service could not resolve when this instance started. */
  readonly unresolved: readonly string[];
}

const intake = appSettingsSchema("EVENT_POLICY", "MAXIMUM_CALL_AGE_SECONDS");
const platform = appSettingsSchema("PLATFORM_STREAMING_URL", "PLATFORM_READY_AT", "PLATFORM_REQUESTS_PER_SECOND");
const credential = appSettingsSchema(
  "PLATFORM_IMS_URL",
  "PLATFORM_CLIENT_ID",
  "PLATFORM_CLIENT_SECRET",
  "PLATFORM_SCOPES",
  "PLATFORM_ORG_ID",
);
const identityStorage = appSettingsSchema(
  "RELAY_STORAGE__queueServiceUri",
  "RELAY_STORAGE__blobServiceUri",
  "RELAY_STORAGE__tableServiceUri",
  "RELAY_STORAGE__credential",
  "RELAY_STORAGE__clientId",
);

/** The app settings that are set. */
type Given = Readonly<Partial<Record<AppSettingName, string>>>;

/**
 * The relay's app settings, as listed in `appSettings`. Never throws: with only some of its settings, a relay still
 * does everything that loses no event.
 */
export function readAppSettings(environment: Record<string, string | undefined>): RelaySettings {
  const given: Given = Object.fromEntries(Object.entries(environment).filter(([, value]) => isSet(value)));
  return {
    signingKeys: parseSigningKeys(environment.CUSTOMERIO_SIGNING_KEYS),
    intake: readIntakeSettings(given),
    platform: readDestinationSettings(given),
    duplicateWindowDays: appSettings.DUPLICATE_WINDOW_DAYS.parse(given.DUPLICATE_WINDOW_DAYS),
    storage: readStorageSettings(given),
    eventQueues: appSettings.EVENT_QUEUES.parse(given.EVENT_QUEUES),
    instanceMemoryMB: appSettings.INSTANCE_MEMORY_MB.parse(given.INSTANCE_MEMORY_MB),
    logDetail: appSettings.LOG_DETAIL.parse(given.LOG_DETAIL),
    configuration: given.RELAY_CONFIGURATION,
    unresolved: Object.keys(environment).filter((name) => isUnresolved(environment[name])),
  };
}

function readIntakeSettings(given: Given): IntakeSettings {
  const parsed = intake.safeParse(given);
  if (!parsed.success) return { problem: problemOf(parsed.error, given) };
  return { policy: parsed.data.EVENT_POLICY, maximumAgeSeconds: parsed.data.MAXIMUM_CALL_AGE_SECONDS };
}

function readDestinationSettings(given: Given): DestinationSettings {
  const parsed = platform.safeParse(given);
  if (!parsed.success) return { problem: problemOf(parsed.error, given) };
  const { PLATFORM_STREAMING_URL, PLATFORM_READY_AT, PLATFORM_REQUESTS_PER_SECOND } = parsed.data;
  const token = given.PLATFORM_CLIENT_ID === undefined ? undefined : credential.safeParse(given);
  if (token?.error) return { problem: problemOf(token.error, given) };
  return {
    credential: token && credentialOf(token.data),
    streamingUrl: PLATFORM_STREAMING_URL,
    readyAt: PLATFORM_READY_AT ? new Date(PLATFORM_READY_AT) : undefined,
    requestsPerSecond: PLATFORM_REQUESTS_PER_SECOND,
  };
}

function credentialOf(given: z.output<typeof credential>): InletCredential {
  return {
    imsUrl: given.PLATFORM_IMS_URL,
    clientId: given.PLATFORM_CLIENT_ID,
    clientSecret: given.PLATFORM_CLIENT_SECRET,
    scopes: given.PLATFORM_SCOPES,
    orgId: given.PLATFORM_ORG_ID,
  };
}

function readStorageSettings(given: Given): StorageSettings {
  if (given.RELAY_STORAGE !== undefined) return { connectionString: given.RELAY_STORAGE };
  const parsed = identityStorage.safeParse(given);
  if (!parsed.success) return { problem: problemOf(parsed.error, given) };
  return {
    queueServiceUri: parsed.data.RELAY_STORAGE__queueServiceUri,
    blobServiceUri: parsed.data.RELAY_STORAGE__blobServiceUri,
    tableServiceUri: parsed.data.RELAY_STORAGE__tableServiceUri,
    clientId: parsed.data.RELAY_STORAGE__clientId,
  };
}

function problemOf(error: z.ZodError, given: Given): string {
  const problems = error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const where = path.length > 1 ? ` at ${path.slice(1).join(".")}` : "";
    return given[name as AppSettingName] === undefined
      ? `${name} is not set, or is a Key Vault reference that could not be resolved`
      : `${name}${where} ${message}`;
  });
  return `App settings: ${problems.join("; ")}.`;
}
