import { ManagedIdentityCredential, type TokenCredential } from "@azure/identity";

/** @param clientId of a user-assigned identity; undefined for the function app's own */
export function managedIdentity(clientId: string | undefined): TokenCredential {
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
