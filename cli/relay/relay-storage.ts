import { buffer as contentOf } from "node:stream/consumers";
import type { ContainerClient } from "@azure/storage-blob";
import type { QueueServiceClient } from "@azure/storage-queue";
import type { QueuedEvent } from "../../relay/core/event/envelope.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import type { StackSource } from "../stack/source.ts";
import { eventsIn, readQueueMessage } from "./queue-message.ts";
import { listRelayQueues } from "./relay-queues.ts";
import { blobRole, queueRole, StoragePermission, statusOf } from "./storage-permission.ts";

/** A dead letter's blob, unread. */
export interface DeadLetterEntry {
  /** Name of the blob; with `@` and the account's name if it is in the account of a replaced relay. */
  readonly name: string;
  /** When it was written: when the event died. */
  readonly writtenAt: Date;
}

/** A blob as it was read. */
export interface StoredBlob {
  readonly content: Buffer;
  readonly etag: string;
}

interface Container {
  readonly permission: StoragePermission;
  readonly blobs: ContainerClient;
}

interface DeadLetterContainer extends Container {
  /** Suffix of its entries' names. */
  readonly suffix: string;
}

/**
 * The storage account of a stack's relay, opened with the caller's own Azure login, since the account allows no keys. It includes the
 * dead letters of replaced relays, which are kept until an operator handles them.
 */
export class RelayStorageAccount {
  readonly #permission: StoragePermission;
  readonly #deadLetters: readonly DeadLetterContainer[];
  readonly #claims: ContainerClient;
  readonly #queues: QueueServiceClient;

  private constructor(parts: {
    permission: StoragePermission;
    deadLetters: readonly DeadLetterContainer[];
    claims: ContainerClient;
    queues: QueueServiceClient;
  }) {
    this.#permission = parts.permission;
    this.#deadLetters = parts.deadLetters;
    this.#claims = parts.claims;
    this.#queues = parts.queues;
  }

  static async open(source: StackSource): Promise<RelayStorageAccount> {
    const [permission, replaced, { BlobServiceClient }, { QueueServiceClient }] = await Promise.all([
      StoragePermission.of(source),
      StoragePermission.ofReplaced(source),
      import("@azure/storage-blob"),
      import("@azure/storage-queue"),
    ]);
    const container = ({ endpoints, credential }: StoragePermission, name: string) =>
      new BlobServiceClient(endpoints.blob, credential).getContainerClient(name);
    return new RelayStorageAccount({
      permission,
      deadLetters: [permission, ...replaced].map((one, index) => ({
        permission: one,
        blobs: container(one, containerNames.deadLetters),
        suffix: index === 0 ? "" : `@${one.name}`,
      })),
      claims: container(permission, containerNames.claims),
      queues: new QueueServiceClient(permission.endpoints.queue, permission.credential),
    });
  }

  /** All dead letters whose names have this prefix, oldest day first; see `blobName`. */
  async listDeadLetters(prefix = ""): Promise<DeadLetterEntry[]> {
    const entries: DeadLetterEntry[] = [];
    for await (const entry of this.eachDeadLetter(prefix)) entries.push(entry);
    return entries;
  }

  /** The same, page by page, for any number of entries. */
  async *eachDeadLetter(prefix = ""): AsyncGenerator<DeadLetterEntry> {
    for (const { permission, blobs, suffix } of this.#deadLetters) {
      const pages = blobs.listBlobsFlat(prefix === "" ? {} : { prefix }).byPage();
      for (;;) {
        const page = await permission.explain(blobRole, () => pages.next());
        if (page.done) break;
        for (const { name, properties } of page.value.segment.blobItems) {
          yield { name: name + suffix, writtenAt: properties.lastModified };
        }
      }
    }
  }

  /** A dead letter's content and its version; undefined if it no longer exists. */
  async readDeadLetter(name: string): Promise<StoredBlob | undefined> {
    const { container, blob } = this.#find(name);
    return this.#read(container, blob);
  }

  /**
   * Adds a dead letter of another relay or of a backup.
   *
   * @param name as it was listed there
   * @returns false if a dead letter with that name exists, which is not changed
   */
  async addDeadLetter(name: string, content: Buffer): Promise<boolean> {
    return this.#permission.explain(blobRole, async () => {
      try {
        await this.#currentDeadLetters.getBlockBlobClient(ownName(name)).upload(content, content.length, {
          blobHTTPHeaders: { blobContentType: "application/json" },
          conditions: { ifNoneMatch: "*" },
        });
        return true;
      } catch (error) {
        // BlobAlreadyExists; UnauthorizedBlobOverwrite if the login may add blobs but not overwrite them.
        if (statusOf(error) === 409) return false;
        throw error;
      }
    });
  }

  /** The body that a claim holds; undefined if it is gone. */
  async readClaim(name: string): Promise<string | undefined> {
    return (await this.#read({ permission: this.#permission, blobs: this.#claims }, name))?.content.toString("utf8");
  }

  /**
   * Deletes a dead letter if it still has this version.
   *
   * @returns false if it was rewritten meanwhile: its event was replayed, and died again
   */
  async deleteDeadLetter(name: string, etag: string): Promise<boolean> {
    const { container, blob } = this.#find(name);
    return container.permission.explain(blobRole, async () => {
      try {
        await container.blobs.getBlobClient(blob).delete({ conditions: { ifMatch: etag } });
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return true;
        if (statusOf(error) === 412) return false;
        throw error;
      }
    });
  }

  /** Stores a body that is too large for a queue message, until its event is finished. */
  async putClaim(name: string, body: string): Promise<void> {
    await this.#permission.explain(blobRole, () =>
      this.#claims.getBlockBlobClient(name).upload(body, Buffer.byteLength(body), {
        blobHTTPHeaders: { blobContentType: "application/json" },
      }),
    );
  }

  /** Deletes a claim; one that is gone is fine. */
  async deleteClaim(name: string): Promise<void> {
    await this.#permission.explain(blobRole, () => this.#claims.getBlobClient(name).deleteIfExists());
  }

  /** Puts a base64 message on the first queue of events. It never expires. */
  async enqueue(message: string): Promise<void> {
    const queue = this.#queues.getQueueClient(queueNames.events);
    await this.#permission.explain(queueRole, () => queue.sendMessage(message, { messageTimeToLive: -1 }));
  }

  get #currentDeadLetters(): ContainerClient {
    const [current] = this.#deadLetters;
    if (current === undefined) throw new Error("A relay has a container of dead letters.");
    return current.blobs;
  }

  /** The container and the blob for a dead letter's name. */
  #find(name: string): { readonly container: DeadLetterContainer; readonly blob: string } {
    const container = this.#deadLetters.findLast(({ suffix }) => name.endsWith(suffix));
    if (container === undefined) throw new Error(`There is no dead letter ${name}.`);
    return { container, blob: name.slice(0, name.length - container.suffix.length) };
  }

  async #read({ permission, blobs }: Container, name: string): Promise<StoredBlob | undefined> {
    return permission.explain(blobRole, async () => {
      try {
        const { etag, readableStreamBody } = await blobs.getBlobClient(name).download();
        if (!readableStreamBody || etag === undefined) throw new Error(`The blob ${name} came without content.`);
        return { content: await contentOf(readableStreamBody), etag };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  /** The visible events at the heads of the queues: see `peekQueues`. */
  async peekEvents(): Promise<QueuedEvent[]> {
    return [...(await this.peekQueues()).values()].flat();
  }

  /** The visible events at the head of each queue of events, from at most 32 messages of each. Peeks, so it takes and hides nothing. */
  async peekQueues(): Promise<ReadonlyMap<string, readonly QueuedEvent[]>> {
    const { events } = await listRelayQueues(this.#permission, this.#queues);
    const peek = async (name: string): Promise<[string, QueuedEvent[]]> => {
      const { peekedMessageItems } = await this.#queues.getQueueClient(name).peekMessages({ numberOfMessages: 32 });
      return [name, peekedMessageItems.flatMap(({ messageText }) => eventsIn(readQueueMessage(messageText)))];
    };
    return new Map(await this.#permission.explain(queueRole, () => Promise.all(events.map(peek))));
  }
}

/** The name of a dead letter in its account, without that of the account. */
export function ownName(name: string): string {
  return name.replace(/@[a-z0-9]+$/, "");
}
