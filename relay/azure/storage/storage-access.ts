import type { TokenCredential } from "@azure/identity";

/** What opens the storage account: a connection string, or the addresses of its services and an identity. */
export type StorageAccess =
  | { readonly connectionString: string }
  | {
      readonly queueServiceUri: string;
      readonly blobServiceUri: string;
      readonly tableServiceUri: string | undefined;
      readonly credential: TokenCredential;
    };

/**
 * An immediate second try, and a third after a short wait: enough for a connection that went stale or a busy partition. The
 * caller bounds the whole by a signal, which ends a try under way and a wait between two alike.
 */
export const retryOptions = { maxTries: 3, retryDelayInMs: 300, maxRetryDelayInMs: 300 };
