import { HttpClient, type sleep } from "pulumi-provider-kit/http";
import { appApiUrl, type Config } from "../config.ts";
import { explainCustomerIoError, isQuotaUsedUp } from "./complaint.ts";

/** Customer.io accepts 10, and does not say whether for a key, a workspace or an account: something else may need the rest. */
export const callsPerSecond = 8;

/** How to call the App API, for tests and special cases. */
export interface AppApiOptions {
  /** Waits between two attempts of a call, and for the budget of calls a second. */
  readonly sleep?: typeof sleep;
  /** Milliseconds for one attempt of a call; default 30,000. */
  readonly attemptTimeout?: number;
}

const shared = new Map<string, HttpClient>();

/**
 * An HTTP client for Customer.io's App API. Everything in this process that uses the same key and no options shares one, and with it the
 * calls a second and a wait that Customer.io asks for.
 */
export function openAppApi(settings: Config, options?: AppApiOptions): HttpClient {
  const baseUrl = appApiUrl(settings);
  const name = JSON.stringify([baseUrl, settings.region, settings.appApiKey]);
  const known = options ? undefined : shared.get(name);
  if (known) return known;
  const client = new HttpClient({
    vendor: "Customer.io",
    baseUrl,
    baseUrlSetting: "customerio:appApiUrl",
    headers: async () => ({ Authorization: `Bearer ${settings.appApiKey}` }),
    complaint: (response) => explainCustomerIoError(settings, response),
    budget: { perSecond: callsPerSecond },
    isQuotaUsedUp,
    ...options,
  });
  if (!options) shared.set(name, client);
  return client;
}
