import type { AzureParts } from "../effects/effects.ts";
import { decodeMessage } from "../function-host/queues/message-encoding.ts";

export interface QueueSummary {
  readonly account: string;
  readonly queue: string;
  /** Approximate number of messages, including hidden ones. */
  readonly messages: number;
  /** The first visible messages, at most 32, decoded from base64. */
  readonly visible: readonly string[];
}

export interface BlobSummary {
  readonly account: string;
  readonly name: string;
  readonly size: number;
  readonly contentType: string | undefined;
  readonly content: string;
}

/** The contents of the storage accounts, as in a storage explorer. Takes and hides nothing. */
export function storageContents({ storage, subscription }: AzureParts) {
  const accounts = () => subscription.list("storage:StorageAccount");
  return {
    async queues(): Promise<QueueSummary[]> {
      const found: QueueSummary[] = [];
      for (const { id, name } of accounts()) {
        const service = storage.queues(id);
        for await (const { name: queue } of service.listQueues()) {
          const client = service.getQueueClient(queue);
          const { approximateMessagesCount } = await client.getProperties();
          const { peekedMessageItems } = await client.peekMessages({ numberOfMessages: 32 });
          const visible = peekedMessageItems.map(
            ({ messageText }) => decodeMessage(messageText, "base64") ?? messageText,
          );
          found.push({ account: name, queue, messages: approximateMessagesCount ?? 0, visible });
        }
      }
      return found;
    },
    /** The blobs of every container with this name, with their content. */
    async blobs(container: string): Promise<BlobSummary[]> {
      const found: BlobSummary[] = [];
      for (const { id, name: account } of accounts()) {
        const client = storage.blobs(id).getContainerClient(container);
        if (!(await client.exists())) continue;
        for await (const { name, properties } of client.listBlobsFlat()) {
          const content = (await client.getBlobClient(name).downloadToBuffer()).toString();
          found.push({
            account,
            name,
            size: properties.contentLength ?? 0,
            contentType: properties.contentType,
            content,
          });
        }
      }
      return found;
    },
  };
}
