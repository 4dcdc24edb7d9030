import { buffer as contentOf } from "node:stream/consumers";
import type { ContainerClient } from "@azure/storage-blob";
import type { QueueServiceClient } from "@azure/storage-queue";
import type { DecodedEnvelope, QueuedEvent } from "../../relay/core/event/envelope.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import type { StackSource } from "../stack/source.ts";
import { type DeadLetterEntry, keepNewest, type NewestDeadLetters } from "./dead-letter-list.ts";
import { eventsIn, readQueueMessage } from "./queue-message.ts";
import { listRelayQueues } from "./relay-queues.ts";
import { dataRoles, StoragePermission, statusOf } from "./storage-permission.ts";

/** A blob as it was read. */
export interface StoredBlob {
  readonly content: Buffer;
  readonly etag: string;
}

/** The containers of a relay's account. */
interface Containers {
  readonly permission: StoragePermission;
  readonly deadLetters: ContainerClient;
  readonly claims: ContainerClient;
  readonly queues: QueueServiceClient;
  /** Suffix of its dead letters' and queues' names: none in the account of the current relay. */
  readonly suffix: string;
}

/**
 * The storage account of a stack's relay, opened with the caller's own Azure login, since the account allows no keys. It includes what
 * replaced relays still hold: waiting events, and dead letters, which are kept until an operator handles them.
 */
export class RelayStorageAccount {
  readonly #current: Containers;
  readonly #replaced: readonly Containers[];

  private constructor(current: Containers, replaced: readonly Containers[]) {
    this.#current = current;
    this.#replaced = replaced;
  }

  static async open(source: StackSource): Promise<RelayStorageAccount> {
    const [permission, replaced] = await Promise.all([
      StoragePermission.of(source),
      StoragePermission.ofReplaced(source),
    ]);
    return RelayStorageAccount.openAt(permission, replaced);
  }

  /** Any account, with what others hold. */
  static async openAt(
    permission: StoragePermission,
    others: readonly StoragePermission[] = [],
  ): Promise<RelayStorageAccount> {
    const [{ BlobServiceClient }, { QueueServiceClient }] = await Promise.all([
      import("@azure/storage-blob"),
      import("@azure/storage-queue"),
    ]);
    const containersOf = (one: StoragePermission, suffix: string): Containers => {
      const service = new BlobServiceClient(one.endpoints.blob, one.credential);
      return {
        permission: one,
        deadLetters: service.getContainerClient(containerNames.deadLetters),
        claims: service.getContainerClient(containerNames.claims),
        queues: new QueueServiceClient(one.endpoints.queue, one.credential),
        suffix,
      };
    };
    return new RelayStorageAccount(
      containersOf(permission, ""),
      others.map((one) => containersOf(one, `@${one.name}`)),
    );
  }

  /** All dead letters whose names have this prefix, oldest day first; see `blobName`. */
  async listDeadLetters(prefix = ""): Promise<DeadLetterEntry[]> {
    const entries: DeadLetterEntry[] = [];
    for await (const entry of this.eachDeadLetter(prefix)) entries.push(entry);
    return entries;
  }

  /** The same, page by page, for any number of entries. */
  async *eachDeadLetter(prefix = ""): AsyncGenerator<DeadLetterEntry> {
    for (const { permission, deadLetters, suffix } of [this.#current, ...this.#replaced]) {
      const pages = deadLetters.listBlobsFlat(prefix === "" ? {} : { prefix }).byPage();
      for (;;) {
        const page = await permission.explain(dataRoles.blobReader, () => pages.next());
        if (page.done) break;
        for (const { name, properties } of page.value.segment.blobItems) {
          yield { name: name + suffix, writtenAt: properties.lastModified };
        }
      }
    }
  }

  /** How many dead letters there are, and the newest of them. */
  findNewestDeadLetters(most: number): Promise<NewestDeadLetters> {
    return keepNewest(this.eachDeadLetter(), most);
  }

  /** A dead letter's content and its version; undefined if it no longer exists. */
  async readDeadLetter(name: string): Promise<StoredBlob | undefined> {
    const { permission, deadLetters, suffix } = this.#accountOf(name);
    return readBlob(permission, deadLetters, withoutSuffix(name, suffix));
  }

  /**
   * Adds a dead letter of another relay or of a backup.
   *
   * @param name as it was listed there
   * @returns false if a dead letter with that name exists, which is not changed
   */
  async addDeadLetter(name: string, content: Buffer): Promise<boolean> {
    const { permission, deadLetters } = this.#current;
    return permission.explain(dataRoles.blobContributor, async () => {
      try {
        await deadLetters.getBlockBlobClient(ownName(name)).upload(content, content.length, {
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

  /**
   * The body that a claim holds; undefined if it is gone.
   *
   * @param deadLetter the dead letter that refers to it, whose account has it; absent: a message of the current relay does
   */
  async readClaim(name: string, deadLetter = ""): Promise<string | undefined> {
    const { permission, claims } = this.#accountOf(deadLetter);
    return (await readBlob(permission, claims, name))?.content.toString("utf8");
  }

  /**
   * Deletes a dead letter if it still has this version.
   *
   * @returns false if it was rewritten meanwhile: its event was replayed, and died again
   */
  async deleteDeadLetter(name: string, etag: string): Promise<boolean> {
    const { permission, deadLetters, suffix } = this.#accountOf(name);
    return permission.explain(dataRoles.blobContributor, async () => {
      try {
        await deadLetters.getBlobClient(withoutSuffix(name, suffix)).delete({ conditions: { ifMatch: etag } });
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
    const { permission, claims } = this.#current;
    await permission.explain(dataRoles.blobContributor, () =>
      claims.getBlockBlobClient(name).upload(body, Buffer.byteLength(body), {
        blobHTTPHeaders: { blobContentType: "application/json" },
      }),
    );
  }

  /** Deletes a claim; one that is gone is fine. */
  async deleteClaim(name: string): Promise<void> {
    const { permission, claims } = this.#current;
    await permission.explain(dataRoles.blobContributor, () => claims.getBlobClient(name).deleteIfExists());
  }

  /** Puts a base64 message on the first queue of events. It never expires. */
  async enqueue(message: string): Promise<void> {
    const queue = this.#current.queues.getQueueClient(queueNames.events);
    await this.#current.permission.explain(dataRoles.queueContributor, () =>
      queue.sendMessage(message, { messageTimeToLive: -1 }),
    );
  }

  /** The account that has a dead letter of this name. */
  #accountOf(deadLetter: string): Containers {
    return this.#replaced.find(({ suffix }) => deadLetter.endsWith(suffix)) ?? this.#current;
  }

  /** The visible events at the heads of the queues: see `peekMessages`. */
  async peekEvents(): Promise<QueuedEvent[]> {
    return [...(await this.peekQueues()).values()].flat();
  }

  /** The visible events at the head of each queue of events: see `peekMessages`. */
  async peekQueues(): Promise<ReadonlyMap<string, readonly QueuedEvent[]>> {
    const queues = await this.peekMessages();
    return new Map([...queues].map(([name, messages]) => [name, messages.flatMap(eventsIn)]));
  }

  /** The visible messages at the head of each queue of events, at most 32 of each. Peeks, so it takes and hides nothing. */
  async peekMessages(): Promise<ReadonlyMap<string, readonly DecodedEnvelope[]>> {
    return new Map((await Promise.all([this.#current, ...this.#replaced].map(peekAccount))).flat());
  }
}

async function peekAccount({ permission, queues, suffix }: Containers): Promise<[string, DecodedEnvelope[]][]> {
  const { events } = await listRelayQueues(permission, queues);
  const peek = async (name: string): Promise<[string, DecodedEnvelope[]]> => {
    const { peekedMessageItems } = await queues.getQueueClient(name).peekMessages({ numberOfMessages: 32 });
    return [name + suffix, peekedMessageItems.map(({ messageText }) => readQueueMessage(messageText))];
  };
  return permission.explain(dataRoles.queueReader, () => Promise.all(events.map(peek)));
}

async function readBlob(
  permission: StoragePermission,
  blobs: ContainerClient,
  name: string,
): Promise<StoredBlob | undefined> {
  return permission.explain(dataRoles.blobReader, async () => {
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

/** Removes only this suffix: a name with that of an account that is gone keeps it, and then no blob has that name. */
function withoutSuffix(name: string, suffix: string): string {
  return name.slice(0, name.length - suffix.length);
}

/** The name of a dead letter in its account, without that of the account. */
export function ownName(name: string): string {
  return name.replace(/@[a-z0-9]+$/, "");
}
