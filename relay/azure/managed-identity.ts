import { type AccessToken, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import { runWithinBudget } from "./budget.ts";

/**
 * Milliseconds for one token. The identity library has no timeout of its own, and Azure's storage libraries share one
 * token request among all calls. Without a limit, one unanswered request would block them forever.
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
 * A credential with a timeout in milliseconds. It does not pass on the caller's own signal, because others may wait for
 * the same token and have more time. A caller with less time ends its own wait.
 */
export function limitTime(credential: TokenCredential, milliseconds: number): TokenCredential {
  return {
    getToken: (scopes, { abortSignal: _, ...options } = {}): Promise<AccessToken | null> =>
      runWithinBudget(milliseconds, (abortSignal) => credential.getToken(scopes, { ...options, abortSignal })),
  };
}
