import { type QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { retryOptions, type StorageAccess } from "./storage-access.ts";

/** A client of one queue of the account. */
export function openQueue(access: StorageAccess, name: string): QueueClient {
  const service =
    "connectionString" in access
      ? QueueServiceClient.fromConnectionString(access.connectionString, { retryOptions })
      : new QueueServiceClient(access.queueServiceUri, access.credential, { retryOptions });
  return service.getQueueClient(name);
}
