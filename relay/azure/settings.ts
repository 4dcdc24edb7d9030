import * as z from "zod";
import { defaults } from "../core/defaults.ts";
import { type EventPolicy, eventPolicy } from "../core/policy.ts";
import { isSet, parseSigningKeys } from "../core/verify.ts";
import type { PlatformCredential } from "./access-tokens.ts";

/** Where events go, and from when on; or what is wrong with the settings, for people. */
export type PlatformSettings =
  | {
      readonly streamingUrl: string;
      readonly readyAt: Date | undefined;
      /** Most requests a second that all instances together send. */
      readonly requestsPerSecond: number;
      /** For an inlet that wants an access token; undefined for one that wants none. */
      readonly credential: PlatformCredential | undefined;
    }
  | SettingsProblem;

/** How the relay reaches its storage account: see `readSettings`. */
export type StorageSettings =
  | { readonly connectionString: string }
  | {
      readonly queueServiceUri: string;
      readonly blobServiceUri: string;
      readonly tableServiceUri: string | undefined;
      readonly clientId: string | undefined;
    }
  | SettingsProblem;

/** Names the setting that is wrong, never its value. */
export interface SettingsProblem {
  readonly problem: string;
}

/** What the intake does with a call; or what is wrong with the settings, upon which it takes none. */
export type IntakeSettings =
  | {
      readonly policy: EventPolicy;
      /** How far the signature's timestamp may be from the time now; 0 is any distance. */
      readonly maximumAgeSeconds: number;
    }
  | SettingsProblem;

export interface RelaySettings {
  /** Empty if signatures can't be checked. */
  readonly signingKeys: readonly string[];
  readonly intake: IntakeSettings;
  readonly platform: PlatformSettings;
  /** How long delivered events are remembered, to leave out duplicates; 0 is not at all. */
  readonly duplicateWindowDays: number;
  readonly storage: StorageSettings;
  /** Memory of the instance. */
  readonly instanceMemoryMB: number;
  /** Digest of all settings, by which whoever changes them sees which ones are in force; undefined if none is given. */
  readonly configuration: string | undefined;
}

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "must be JSON" });
    return z.NEVER;
  }
});

const intake = z.object({
  EVENT_POLICY: json.prefault("{}").pipe(eventPolicy),
  MAXIMUM_CALL_AGE_SECONDS: z.coerce.number({ error: "must be a number" }).min(0, "must be 0 or more").default(0),
});

/** The URL that Adobe's Customer.io tutorial tells to paste into Customer.io: `<inletUrl>?x-adobe-flow-id=<flow id>`. */
const streamingUrl = z.custom<string>(
  (value) => {
    const url = typeof value === "string" ? URL.parse(value) : null;
    // Without the flow id Platform answers 200, and the event is in no dataset.
    return url !== null && /^https?:$/.test(url.protocol) && url.searchParams.has("x-adobe-flow-id");
  },
  { error: "must be the dataflow's inlet URL with the query parameter x-adobe-flow-id" },
);

const platform = z.object({
  PLATFORM_STREAMING_URL: streamingUrl,
  PLATFORM_READY_AT: z.iso.datetime({ offset: true, error: "must be an ISO 8601 time" }).optional(),
  PLATFORM_REQUESTS_PER_SECOND: z.coerce
    .number({ error: "must be a number" })
    .min(1, "must be 1 or more")
    .default(defaults.requestsPerSecond),
});

/** Of an inlet that wants an access token (an HTTP API source with authentication): all of it, or none. */
const credential = z.object({
  PLATFORM_IMS_URL: z.url({ protocol: /^https?$/, error: "must be the URL of Adobe IMS" }),
  PLATFORM_CLIENT_ID: z.string(),
  PLATFORM_CLIENT_SECRET: z.string(),
  PLATFORM_SCOPES: z.string(),
  PLATFORM_ORG_ID: z.string(),
});

/** What is not set or can't be read is the default: no window loses an event. */
const days = z.coerce.number().int().min(0).max(90).catch(defaults.duplicateWindowDays);

/** The setting is the program's own, so what can't be read is not worth refusing calls. */
const memory = z.coerce.number().int().min(512).catch(defaults.instanceMemoryMB);

const serviceUri = z.url({ protocol: /^https?$/, error: "must be the URL of the storage account's service" });

const identityStorage = z.object({
  RELAY_STORAGE__queueServiceUri: serviceUri,
  RELAY_STORAGE__blobServiceUri: serviceUri,
  // What is kept in tables only saves work, so the relay does without it where there is none.
  RELAY_STORAGE__tableServiceUri: serviceUri.optional(),
  RELAY_STORAGE__credential: z.literal("managedidentity", { error: "must be managedidentity" }),
  RELAY_STORAGE__clientId: z.string().optional(),
});

/**
 * The relay's app settings.
 *
 * | setting | meaning |
 * |---|---|
 * | `CUSTOMERIO_SIGNING_KEYS` | Customer.io's signing keys, one a line |
 * | `EVENT_POLICY` | which events go on and with which personal data: the JSON of `eventPolicy`; all and everything if it isn't set |
 * | `MAXIMUM_CALL_AGE_SECONDS` | how far the signature's timestamp may be from the time now; any distance if it is 0 or isn't set |
 * | `PLATFORM_STREAMING_URL` | the dataflow's inlet URL with `x-adobe-flow-id` |
 * | `PLATFORM_READY_AT` | ISO 8601 time before which nothing is sent; optional |
 * | `PLATFORM_REQUESTS_PER_SECOND` | most requests that all instances together send; 800 if it isn't set |
 * | `PLATFORM_IMS_URL`, `PLATFORM_CLIENT_ID`, `PLATFORM_CLIENT_SECRET`, `PLATFORM_SCOPES`, `PLATFORM_ORG_ID` | the credential for an inlet that wants an access token; no token is sent if the client id isn't set |
 * | `DUPLICATE_WINDOW_DAYS` | days that delivered events are remembered, 90 at most; 7 if it isn't set, and 0 for not at all |
 * | `INSTANCE_MEMORY_MB` | memory of the instance, by which `bodyBudget` goes; 2048 if it isn't set |
 * | `RELAY_CONFIGURATION` | digest of all settings: shown by `/health`, and compared with the one that the queue's mark demands; optional |
 * | `RELAY_STORAGE` | connection string of the storage account, or in its place: |
 * | `RELAY_STORAGE__queueServiceUri`, `__blobServiceUri`, `__tableServiceUri`, `__credential` (`managedidentity`), `__clientId` (of a user-assigned identity) | the account by managed identity |
 *
 * A setting that is absent, blank or an unresolved Key Vault reference counts as not set. Nothing is thrown: a relay with half of
 * its settings still does whatever loses no event.
 */
export function readSettings(environment: Record<string, string | undefined>): RelaySettings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => isSet(value)));
  return {
    signingKeys: parseSigningKeys(environment.CUSTOMERIO_SIGNING_KEYS),
    intake: intakeSettings(given),
    platform: platformSettings(given),
    duplicateWindowDays: days.parse(given.DUPLICATE_WINDOW_DAYS),
    storage: storageSettings(given),
    instanceMemoryMB: memory.parse(given.INSTANCE_MEMORY_MB),
    configuration: given.RELAY_CONFIGURATION,
  };
}

function intakeSettings(given: Record<string, string | undefined>): IntakeSettings {
  const parsed = intake.safeParse(given);
  if (!parsed.success) return { problem: problemOf(parsed.error, given) };
  return { policy: parsed.data.EVENT_POLICY, maximumAgeSeconds: parsed.data.MAXIMUM_CALL_AGE_SECONDS };
}

function platformSettings(given: Record<string, string | undefined>): PlatformSettings {
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

function credentialOf(given: z.output<typeof credential>): PlatformCredential {
  return {
    imsUrl: given.PLATFORM_IMS_URL,
    clientId: given.PLATFORM_CLIENT_ID,
    clientSecret: given.PLATFORM_CLIENT_SECRET,
    scopes: given.PLATFORM_SCOPES,
    orgId: given.PLATFORM_ORG_ID,
  };
}

function storageSettings(given: Record<string, string | undefined>): StorageSettings {
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

function problemOf(error: z.ZodError, given: Record<string, string | undefined>): string {
  const problems = error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const where = path.length > 1 ? ` at ${path.slice(1).join(".")}` : "";
    return given[name] === undefined
      ? `${name} is not set, or is a Key Vault reference that could not be resolved`
      : `${name}${where} ${message}`;
  });
  return `App settings: ${problems.join("; ")}.`;
}
