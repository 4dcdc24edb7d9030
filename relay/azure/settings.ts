import * as z from "zod";
import { isSet, parseSigningKeys } from "../core/verify.ts";

/** Where events go, and from when on; or what is wrong with the settings, for people. */
export type PlatformSettings = { readonly streamingUrl: string; readonly readyAt: Date | undefined } | SettingsProblem;

/** How the relay reaches its storage account: see `readSettings`. */
export type StorageSettings =
  | { readonly connectionString: string }
  | { readonly queueServiceUri: string; readonly blobServiceUri: string; readonly clientId: string | undefined }
  | SettingsProblem;

/** Names the setting that is wrong, never its value. */
export interface SettingsProblem {
  readonly problem: string;
}

export interface RelaySettings {
  /** Empty if signatures can't be checked. */
  readonly signingKeys: readonly string[];
  readonly platform: PlatformSettings;
  readonly storage: StorageSettings;
}

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
});

const serviceUri = z.url({ protocol: /^https?$/, error: "must be the URL of the storage account's service" });

const identityStorage = z.object({
  RELAY_STORAGE__queueServiceUri: serviceUri,
  RELAY_STORAGE__blobServiceUri: serviceUri,
  RELAY_STORAGE__credential: z.literal("managedidentity", { error: "must be managedidentity" }),
  RELAY_STORAGE__clientId: z.string().optional(),
});

/**
 * The relay's app settings.
 *
 * | setting | meaning |
 * |---|---|
 * | `CUSTOMERIO_SIGNING_KEYS` | Customer.io's signing keys, one a line |
 * | `PLATFORM_STREAMING_URL` | the dataflow's inlet URL with `x-adobe-flow-id` |
 * | `PLATFORM_READY_AT` | ISO 8601 time before which nothing is sent; optional |
 * | `RELAY_STORAGE` | connection string of the storage account, or in its place: |
 * | `RELAY_STORAGE__queueServiceUri`, `__blobServiceUri`, `__credential` (`managedidentity`), `__clientId` (of a user-assigned identity) | the account by managed identity |
 *
 * A setting that is absent, blank or an unresolved Key Vault reference counts as not set. Nothing is thrown: a relay with half of
 * its settings still does whatever loses no event.
 */
export function readSettings(environment: Record<string, string | undefined>): RelaySettings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => isSet(value)));
  return {
    signingKeys: parseSigningKeys(environment.CUSTOMERIO_SIGNING_KEYS),
    platform: platformSettings(given),
    storage: storageSettings(given),
  };
}

function platformSettings(given: Record<string, string | undefined>): PlatformSettings {
  const parsed = platform.safeParse(given);
  if (!parsed.success) return { problem: problemOf(parsed.error, given) };
  const { PLATFORM_STREAMING_URL, PLATFORM_READY_AT } = parsed.data;
  return { streamingUrl: PLATFORM_STREAMING_URL, readyAt: PLATFORM_READY_AT ? new Date(PLATFORM_READY_AT) : undefined };
}

function storageSettings(given: Record<string, string | undefined>): StorageSettings {
  if (given.RELAY_STORAGE !== undefined) return { connectionString: given.RELAY_STORAGE };
  const parsed = identityStorage.safeParse(given);
  if (!parsed.success) return { problem: problemOf(parsed.error, given) };
  return {
    queueServiceUri: parsed.data.RELAY_STORAGE__queueServiceUri,
    blobServiceUri: parsed.data.RELAY_STORAGE__blobServiceUri,
    clientId: parsed.data.RELAY_STORAGE__clientId,
  };
}

function problemOf(error: z.ZodError, given: Record<string, string | undefined>): string {
  const problems = error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return given[name] === undefined
      ? `${name} is not set, or is a Key Vault reference that could not be resolved`
      : `${name} ${message}`;
  });
  return `App settings: ${problems.join("; ")}.`;
}
