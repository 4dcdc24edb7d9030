import type { AccessToken } from "@azure/identity";
import { type AzureCredential, azureCredential } from "./azure-credential.ts";

/**
 * Returns a bearer token for an Azure API. `renew` requests a new one after a refusal. Azure CLI may be logged in to several tenants: its
 * tokens are for the one of the subscription.
 */
export type Login = (renew: boolean, signal: AbortSignal, subscriptionId?: string) => Promise<string>;

// Azure Resource Manager and a function app's deployment site both accept tokens with this audience, even behind a proxy.
const managementScope = "https://management.azure.com/.default";
/** For the contents of key vaults. */
export const vaultScope = "https://vault.azure.net/.default";
/** Milliseconds before its expiry at which a token is renewed. */
const margin = 5 * 60_000;

/**
 * The caller's own Azure login; see `azureCredential`.
 *
 * @param scope what the tokens are for; default: Azure Resource Manager
 */
export function callersLogin(scope = managementScope): Login {
  const logins = new Map<string | undefined, Login>();
  return (renew, signal, subscriptionId) => {
    const login = logins.get(subscriptionId) ?? loginTo(subscriptionId, scope);
    logins.set(subscriptionId, login);
    return login(renew, signal);
  };
}

function loginTo(subscriptionId: string | undefined, scope: string): Login {
  // Azure CLI's credential starts a process for each token, so the token is cached here.
  let token: Promise<AccessToken> | undefined;
  let chosen: Promise<AzureCredential> | undefined;

  async function fetchToken(signal: AbortSignal): Promise<AccessToken> {
    try {
      chosen ??= azureCredential({ subscriptionId });
      const { credential, way } = await chosen;
      const given = await credential.getToken(scope, { abortSignal: signal });
      if (given === null) throw new Error(`Could not get an access token for Azure with ${way}.`);
      return given;
    } catch (error) {
      token = undefined;
      throw error;
    }
  }

  return async (renew, signal) => {
    token = renew || !token ? fetchToken(signal) : token;
    if ((await token).expiresOnTimestamp - margin < Date.now()) token = fetchToken(signal);
    return (await token).token;
  };
}

/** The subscription of an object; undefined for what belongs to none. */
export function azureSubscriptionOf(id: string): string | undefined {
  return /^\/subscriptions\/([^/]+)/i.exec(id)?.[1]?.toLowerCase();
}

/** The object id in an access token, which role assignments use; undefined if the token lacks it. */
export function objectIdIn(token: string): string | undefined {
  const [, claims = ""] = token.split(".");
  try {
    const { oid } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { oid?: unknown };
    return typeof oid === "string" ? oid : undefined;
  } catch {
    return undefined;
  }
}
