import { BlobServiceClient } from "@azure/storage-blob";
import { retryOptions, type StorageAccess } from "./storage-access.ts";

/** A client of the account's blobs. */
export function openBlobs(access: StorageAccess): BlobServiceClient {
  return "connectionString" in access
    ? BlobServiceClient.fromConnectionString(access.connectionString, { retryOptions })
    : new BlobServiceClient(access.blobServiceUri, access.credential, { retryOptions });
}
