import { type AccessToken, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import { runWithinBudget } from "./budget.ts";

/**
 * Milliseconds for one token. The identity library has no limit of its own, and Azure's storage libraries share one request for a token
 * among all calls: without a limit, one request that is never answered would stop them all for good.
 */
const tokenTimeout = 5_000;

/** @param clientId of a user-assigned identity; undefined for the function app's own */
export function managedIdentity(clientId: string | undefined): TokenCredential {
  return limitTime(
    clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId }),
    tokenTimeout,
  );
}

/**
 * A credential with a timeout in milliseconds. The caller's own signal is not passed on: others may wait for the same token
 * and have more time, so a caller with less ends its own wait.
 */
export function limitTime(credential: TokenCredential, milliseconds: number): TokenCredential {
  return {
    getToken: (scopes, { abortSignal: _, ...options } = {}): Promise<AccessToken | null> =>
      runWithinBudget(milliseconds, (abortSignal) => credential.getToken(scopes, { ...options, abortSignal })),
  };
}
