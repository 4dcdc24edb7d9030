import { text as textOf } from "node:stream/consumers";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import type { QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { decodeEnvelope, type QueuedEvent } from "../relay/core/envelope.ts";
import { containerNames, queueNames } from "../relay/core/names.ts";
import type { PulumiStack } from "./pulumi-stack.ts";
import { StoragePermission, statusOf } from "./storage-permission.ts";

const blobRole = "Storage Blob Data Contributor";
const queueRole = "Storage Queue Data Contributor";

/** A dead letter's blob, unread. */
export interface DeadLetterEntry {
  readonly name: string;
  /** When it was written: when the event died. */
  readonly writtenAt: Date;
}

/** The storage account of a stack's relay, opened with the caller's own Azure login, since the account allows no keys. */
export class RelayStorageAccount {
  readonly #permission: StoragePermission;
  readonly #deadLetters: ContainerClient;
  readonly #claims: ContainerClient;
  readonly #events: QueueClient;

  private constructor(permission: StoragePermission, blobs: BlobServiceClient, queues: QueueServiceClient) {
    this.#permission = permission;
    this.#deadLetters = blobs.getContainerClient(containerNames.deadLetters);
    this.#claims = blobs.getContainerClient(containerNames.claims);
    this.#events = queues.getQueueClient(queueNames.events);
  }

  static async open(stack: PulumiStack): Promise<RelayStorageAccount> {
    const [permission, { BlobServiceClient }, { QueueServiceClient }] = await Promise.all([
      StoragePermission.of(stack),
      import("@azure/storage-blob"),
      import("@azure/storage-queue"),
    ]);
    const { endpoints, credential } = permission;
    return new RelayStorageAccount(
      permission,
      new BlobServiceClient(endpoints.blob, credential),
      new QueueServiceClient(endpoints.queue, credential),
    );
  }

  /** All dead letters whose names begin like this, the oldest day first; see `blobName`. */
  async deadLetters(prefix = ""): Promise<DeadLetterEntry[]> {
    return this.#permission.explained(blobRole, async () => {
      const entries: DeadLetterEntry[] = [];
      for await (const { name, properties } of this.#deadLetters.listBlobsFlat(prefix === "" ? {} : { prefix })) {
        entries.push({ name, writtenAt: properties.lastModified });
      }
      return entries;
    });
  }

  /** A dead letter's text and its version; undefined if it is gone meanwhile. */
  async readDeadLetter(name: string): Promise<{ text: string; etag: string } | undefined> {
    return this.#read(this.#deadLetters, name);
  }

  /** The body that a claim holds; undefined if it is gone. */
  async readClaim(name: string): Promise<string | undefined> {
    return (await this.#read(this.#claims, name))?.text;
  }

  /**
   * Deletes a dead letter if it is still of that version.
   *
   * @returns false if it was written anew meanwhile: its event was replayed, and died again
   */
  async removeDeadLetter(name: string, etag: string): Promise<boolean> {
    return this.#permission.explained(blobRole, async () => {
      try {
        await this.#deadLetters.getBlobClient(name).delete({ conditions: { ifMatch: etag } });
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return true;
        if (statusOf(error) === 412) return false;
        throw error;
      }
    });
  }

  /** Keeps a body that is too large for a queue message, until its event is done with. */
  async putClaim(name: string, body: string): Promise<void> {
    await this.#permission.explained(blobRole, () =>
      this.#claims.getBlockBlobClient(name).upload(body, Buffer.byteLength(body), {
        blobHTTPHeaders: { blobContentType: "application/json" },
      }),
    );
  }

  /** Puts a message, base64, on the queue of events, where it stays until it is done with. */
  async enqueue(message: string): Promise<void> {
    await this.#permission.explained(queueRole, () => this.#events.sendMessage(message, { messageTimeToLive: -1 }));
  }

  async #read(container: ContainerClient, name: string): Promise<{ text: string; etag: string } | undefined> {
    return this.#permission.explained(blobRole, async () => {
      try {
        const { etag, readableStreamBody } = await container.getBlobClient(name).download();
        if (!readableStreamBody || etag === undefined) throw new Error(`The blob ${name} came without content.`);
        return { text: await textOf(readableStreamBody), etag };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  /** The first events of the queue that anybody could take now, in at most 32 messages; nothing is taken or hidden by it. */
  async waitingEvents(): Promise<QueuedEvent[]> {
    const { peekedMessageItems } = await this.#permission.explained(queueRole, () =>
      this.#events.peekMessages({ numberOfMessages: 32 }),
    );
    return peekedMessageItems.flatMap(({ messageText }) => eventsIn(messageText));
  }
}

/** None in a message that can't be read: the relay will make it a dead letter. */
function eventsIn(messageText: string): readonly QueuedEvent[] {
  try {
    const envelope = decodeEnvelope(JSON.parse(Buffer.from(messageText, "base64").toString("utf8")));
    return envelope.readable ? envelope.events : [];
  } catch {
    return [];
  }
}
