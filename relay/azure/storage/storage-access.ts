import type { TokenCredential } from "@azure/identity";

/**
 * What the relay needs to open the storage account: a connection string, or the addresses of its services and an
 * identity.
 */
export type StorageAccess =
  | { readonly connectionString: string }
  | {
      readonly queueServiceUri: string;
      readonly blobServiceUri: string;
      readonly tableServiceUri: string | undefined;
      readonly credential: TokenCredential;
    };

/**
 * An immediate second attempt, and a third after a short wait: enough for a stale connection or a busy partition. The
 * caller limits the total time with a signal, which ends both an attempt and a wait between attempts. The names are those of Azure's
 * libraries, which get these options too.
 */
export const retryOptions = { maxTries: 3, retryDelayInMs: 300, maxRetryDelayInMs: 300 };
