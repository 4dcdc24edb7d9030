import { readFile, stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { Archive, isMap, type PropertyMap, reveal } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import { textAt } from "../arm/subscription.ts";
import { zipFileArchive } from "../deploy/folder-archive.ts";
import { covers } from "../identity/data-plane-authorization.ts";
import type { Effects } from "./effects.ts";

/** Storage accounts and their contents, which are real, in Azurite. */
export const storageEffects: Record<string, Effects> = {
  "azure-native:storage:StorageAccount": {
    create: async ({ id, name, inputs }, { storage }) => {
      const azurite = await storage.create(id, name, inputs);
      // Azurite has no files, data lake or static sites: those addresses only have the public cloud's form.
      const elsewhere = (service: string) => `https://${name}.${service}.core.windows.net/`;
      return {
        primaryEndpoints: {
          blob: azurite.endpoint("blob"),
          queue: azurite.endpoint("queue"),
          table: azurite.endpoint("table"),
          file: elsewhere("file"),
          dfs: elsewhere("dfs"),
          web: elsewhere("web"),
        },
        primaryLocation: textAt(inputs, "location"),
        statusOfPrimary: "available",
        creationTime: new Date().toISOString(),
        provisioningState: "Succeeded",
      };
    },
    // What azure-native calls `networkRuleSet` is `networkAcls` in Azure.
    patch: async (account, { networkAcls, ...properties }, { subscription, storage }) => {
      const changes = { ...properties, ...(networkAcls !== undefined && { networkRuleSet: networkAcls }) };
      const { inputs, outputs } = account;
      subscription.put({ ...account, inputs: { ...inputs, ...changes }, outputs: { ...outputs, ...changes } });
      await storage.refreshAccess();
    },
    delete: async ({ id }, { storage, subscription }) => {
      for (const deleted of subscription.deletedContents.keys()) {
        if (covers(id, deleted)) subscription.deletedContents.delete(deleted);
      }
      await storage.delete(id);
    },
  },
  "azure-native:storage:Queue": {
    create: async ({ id, name }, { storage }) => {
      await storage.queues(accountOf(id)).getQueueClient(name).createIfNotExists();
      return { approximateMessageCount: 0 };
    },
    update: async ({ id, name, inputs }, { storage }) => {
      const { metadata } = await storage.queues(accountOf(id)).getQueueClient(name).getProperties();
      const wanted = isMap(inputs.metadata) ? reveal(inputs.metadata) : {};
      if (!isDeepStrictEqual({ ...metadata }, wanted)) {
        throw new ArmError(409, "QueueAlreadyExists", "The specified queue already exists.");
      }
      return {};
    },
    delete: async ({ id, name }, { storage, subscription }) => {
      await storage.queues(accountOf(id)).getQueueClient(name).deleteIfExists();
      subscription.deletedContents.set(id.toLowerCase(), Date.now());
    },
    // The metadata is replaced as a whole ("Queue - Update" of the storage resource provider).
    patch: async ({ id, name }, { metadata }, { storage }) => {
      const texts = isMap(metadata) ? (reveal(metadata) as Record<string, string>) : {};
      await storage.queues(accountOf(id)).getQueueClient(name).setMetadata(texts);
    },
    read: async ({ id, name }, { storage }) => {
      const { approximateMessagesCount, metadata } = await storage
        .queues(accountOf(id))
        .getQueueClient(name)
        .getProperties();
      return {
        approximateMessageCount: approximateMessagesCount ?? 0,
        ...(metadata && Object.keys(metadata).length > 0 && { metadata }),
      };
    },
  },
  "azure-native:storage:BlobContainer": {
    create: async ({ id, name }, { storage }) => {
      const container = storage.blobs(accountOf(id)).getContainerClient(name);
      await container.createIfNotExists();
      const { etag, lastModified } = await container.getProperties();
      return {
        etag: etag ?? "",
        lastModifiedTime: lastModified?.toISOString() ?? "",
        leaseState: "Available",
        leaseStatus: "Unlocked",
        hasImmutabilityPolicy: false,
        hasLegalHold: false,
      };
    },
    delete: async ({ id, name }, { storage, subscription }) => {
      await storage.blobs(accountOf(id)).getContainerClient(name).deleteIfExists();
      subscription.deletedContents.set(id.toLowerCase(), Date.now());
    },
  },
  "azure-native:storage:Blob": {
    create: async ({ id, name, inputs }, { storage }) => {
      const container = storage.blobs(accountOf(id)).getContainerClient(textAt(inputs, "containerName"));
      const blob = container.getBlockBlobClient(name);
      await blob.uploadData(await contentOf(inputs));
      return { url: blob.url };
    },
    delete: async ({ id, name, inputs }, { storage }) => {
      const container = storage.blobs(accountOf(id)).getContainerClient(textAt(inputs, "containerName"));
      await container.getBlobClient(name).deleteIfExists();
    },
  },
  "azure-native:storage:ManagementPolicy": { create: () => ({ lastModifiedTime: new Date().toISOString() }) },
};

/** The storage account that a queue or container is part of. */
function accountOf(id: string): string {
  return id.replace(/\/(queue|blob)Services\/.*$/i, "");
}

async function contentOf(inputs: PropertyMap): Promise<Uint8Array> {
  const source = inputs.source === undefined ? undefined : reveal(inputs.source);
  if (!(source instanceof Archive)) throw new Error("The local cloud uploads blobs from a FileArchive only.");
  return (await stat(source.path)).isDirectory() ? zipFileArchive(source.path) : readFile(source.path);
}
