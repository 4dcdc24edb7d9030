import * as z from "zod";
import { mostEventQueues } from "./names.ts";
import { eventPolicy } from "./policy/policy.ts";

/** Range and default of a number that users set, and that the relay reads from an app setting. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly default: number;
}

/** Numbers that the program's settings and the relay share, by the app setting that carries them. */
export const appNumbers = {
  MAXIMUM_CALL_AGE_SECONDS: { least: 0, most: 604_800, default: 0 },
  /** Customer.io repeats a call for 7 days (its reporting webhook docs). */
  DUPLICATE_WINDOW_DAYS: { least: 0, most: 90, default: 7 },
  /** Azure's default for Flex Consumption. */
  INSTANCE_MEMORY_MB: { least: 512, most: 4096, default: 2048 },
  /** Adobe's ingestion guardrails name 1,000 requests a second for an organization, which may have other sources. */
  PLATFORM_REQUESTS_PER_SECOND: { least: 1, most: 10_000, default: 800 },
  EVENT_QUEUES: { least: 1, most: mostEventQueues, default: 1 },
} as const satisfies Record<string, NumberRange>;

/**
 * How much the relay logs: `summary` has one line per kind for several seconds of an instance, `events` the ids of
 * every event.
 */
export const logDetails = ["summary", "events"] as const;
export type LogDetail = (typeof logDetails)[number];

/** A number from a text. A value above the range is accepted: only the program's own check refuses it. */
function number({ least, default: value }: NumberRange) {
  return z.coerce.number({ error: "must be a number" }).min(least, `must be ${least} or more`).default(value);
}

/** A whole number; the default if it can't be read. */
function lenient({ least, most, default: value }: NumberRange) {
  return z.coerce.number().int().min(least).max(most).catch(value);
}

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "must be JSON" });
    return z.NEVER;
  }
});

/** The URL to paste into Customer.io in Adobe's tutorial: `<inletUrl>?x-adobe-flow-id=<flow id>`. */
const streamingUrl = z.custom<string>(
  (value) => {
    const url = typeof value === "string" ? URL.parse(value) : null;
    // Without the flow id Platform answers 200 and drops the event.
    return url !== null && /^https?:$/.test(url.protocol) && url.searchParams.has("x-adobe-flow-id");
  },
  { error: "must be the dataflow's inlet URL with the query parameter x-adobe-flow-id" },
);

const serviceUri = z.url({ protocol: /^https?$/, error: "must be the URL of the storage account's service" });

/**
 * The relay's app settings. The component `WebhookRelay` writes them, and the relay reads them.
 * A setting that is absent, blank or an unresolved Key Vault reference counts as not set.
 *
 * The digest `RELAY_CONFIGURATION` uses this order, so add new ones at the end: otherwise every stack would change.
 */
export const appSettings = {
  /** The dataflow's inlet URL with `x-adobe-flow-id`. */
  PLATFORM_STREAMING_URL: streamingUrl,
  /** ISO 8601 time before which nothing is sent. */
  PLATFORM_READY_AT: z.iso.datetime({ offset: true, error: "must be an ISO 8601 time" }).optional(),
  /** Maximum requests per second of all instances together. */
  PLATFORM_REQUESTS_PER_SECOND: number(appNumbers.PLATFORM_REQUESTS_PER_SECOND),
  /** Which events are forwarded, and with which personal data; all and everything by default. */
  EVENT_POLICY: json.prefault("{}").pipe(eventPolicy),
  /** How far the signature's timestamp may be from the current time; 0: any distance. */
  MAXIMUM_CALL_AGE_SECONDS: number(appNumbers.MAXIMUM_CALL_AGE_SECONDS),
  /** Read by the Functions host: the maximum bytes of a call. */
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: z.string().optional(),
  /** Memory of the instance, which limits the bytes of bodies. An invalid value must not stop the relay. */
  INSTANCE_MEMORY_MB: lenient(appNumbers.INSTANCE_MEMORY_MB),
  /** Days for which delivered events are remembered; 0: not at all. No window loses an event. */
  DUPLICATE_WINDOW_DAYS: lenient(appNumbers.DUPLICATE_WINDOW_DAYS),
  /** The credential for an inlet that requires an access token: all five, or none. */
  PLATFORM_IMS_URL: z.url({ protocol: /^https?$/, error: "must be the URL of Adobe IMS" }),
  PLATFORM_CLIENT_ID: z.string(),
  PLATFORM_SCOPES: z.string(),
  PLATFORM_ORG_ID: z.string(),
  PLATFORM_CLIENT_SECRET: z.string(),
  /** Customer.io's signing keys, one per line. */
  CUSTOMERIO_SIGNING_KEYS: z.string().optional(),
  /** The storage account by managed identity. */
  RELAY_STORAGE__blobServiceUri: serviceUri,
  RELAY_STORAGE__queueServiceUri: serviceUri,
  // Tables only save work, so the relay works without them if this is not set.
  RELAY_STORAGE__tableServiceUri: serviceUri.optional(),
  RELAY_STORAGE__credential: z.literal("managedidentity", { error: "must be managedidentity" }),
  /** The client id of a user-assigned identity. */
  RELAY_STORAGE__clientId: z.string().optional(),
  /** Alternatively, the account's connection string. */
  RELAY_STORAGE: z.string().optional(),
  /** Digest of all settings: shown by `/health`, and compared with the one that the queue's mark requires. */
  RELAY_CONFIGURATION: z.string().optional(),
  /** Whether the log has lines for each event. An invalid value must not stop the relay. */
  LOG_DETAIL: z.enum(logDetails).catch("summary"),
  /** Queues among which the events are divided. With an invalid value, the relay reads only the first. */
  EVENT_QUEUES: lenient(appNumbers.EVENT_QUEUES),
};

export type AppSettingName = keyof typeof appSettings;

/** The schema of the app settings with these names. */
export function appSettingsSchema<Name extends AppSettingName>(...names: Name[]) {
  const shape = Object.fromEntries(names.map((name) => [name, appSettings[name]]));
  return z.object(shape as Pick<typeof appSettings, Name>);
}
