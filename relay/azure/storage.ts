import { text as textOf } from "node:stream/consumers";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import type { QueueClient } from "@azure/storage-queue";
import type { DeadLetterBlob } from "../core/dead-letter.ts";
import { isObject } from "../core/json.ts";
import { containerNames, queueNames } from "../core/names.ts";
import type { StorageSettings } from "./settings.ts";
import type { StorageAccess } from "./storage-access.ts";
import { Tables } from "./tables.ts";

/** Milliseconds that one call may take, tries and waits between them included, where nobody waits for an answer. */
export const storageTimeout = 30_000;

/** When the message becomes visible: at once, or after so many seconds (7 days at most). */
export interface EnqueueOptions {
  readonly delaySeconds: number;
  readonly signal: AbortSignal;
}

/**
 * The relay's storage account: the queue of events, claims (bodies too large for a message) and dead letters. Queue and containers
 * must exist.
 *
 * Azure's libraries are loaded when they are first used, since loading them is most of a cold start and few calls need the one for
 * blobs. Each is imported in a module of its own, from which the bundler keeps only what is used.
 *
 * Every method throws what Azure's library throws, or an error that names the setting to mend.
 */
export class RelayStorage {
  readonly #events: () => Promise<QueueClient>;
  readonly #blobs: () => Promise<BlobServiceClient>;
  /** The account's tables, which hold nothing that must not get lost. */
  readonly tables: Tables;

  constructor(settings: StorageSettings) {
    const access = once(() => accessTo(settings));
    this.tables = new Tables(access);
    this.#events = once(async () => (await import("./open-queue.ts")).openQueue(await access(), queueNames.events));
    this.#blobs = once(async () => (await import("./open-blobs.ts")).openBlobs(await access()));
  }

  /** Loads Azure's library and gets a token and a connection, so that the first event need not wait for them. Fails silently. */
  warmUp(): void {
    this.#events()
      .then((queue) => queue.getProperties({ abortSignal: AbortSignal.timeout(storageTimeout) }))
      .catch(() => undefined);
  }

  /**
   * Puts a message on the queue of events; the message is durable when the promise ends.
   *
   * @param message base64, as the Functions host expects it and `sendMessage` does not make it
   */
  async enqueue(message: string, { delaySeconds, signal }: EnqueueOptions): Promise<void> {
    const queue = await this.#events();
    await queue.sendMessage(message, {
      // A message would be deleted after 7 days unless told to stay for ever.
      messageTimeToLive: -1,
      visibilityTimeout: delaySeconds,
      abortSignal: signal,
    });
  }

  /** Keeps a body until its event is done with. Written twice, the same claim is overwritten with the same body. */
  async putClaim(name: string, body: string, signal: AbortSignal): Promise<void> {
    await this.#put(containerNames.claims, name, body, signal);
  }

  /**
   * @returns undefined if there is no such claim: an earlier run delivered its event, or made it a dead letter, and then deleted the
   *   claim. Nothing else deletes one as young as a message.
   */
  async readClaim(name: string, signal: AbortSignal): Promise<string | undefined> {
    const claims = await this.#container(containerNames.claims);
    try {
      const { readableStreamBody } = await claims.getBlobClient(name).download(0, undefined, { abortSignal: signal });
      return readableStreamBody ? await textOf(readableStreamBody) : "";
    } catch (error) {
      if (isObject(error) && error.code === "BlobNotFound") return undefined;
      throw error;
    }
  }

  /** Deletes a claim; that it is gone already is no error. */
  async deleteClaim(name: string, signal: AbortSignal): Promise<void> {
    const claims = await this.#container(containerNames.claims);
    await claims.getBlobClient(name).deleteIfExists({ abortSignal: signal });
  }

  /**
   * Writes a dead letter. Written twice, it is overwritten: see `blobName`.
   *
   * @returns whether there was none of its name
   */
  async putDeadLetter({ name, document }: DeadLetterBlob, signal: AbortSignal): Promise<boolean> {
    const text = JSON.stringify(document);
    try {
      await this.#put(containerNames.deadLetters, name, text, signal, { ifNoneMatch: "*" });
      return true;
    } catch (error) {
      if (!isObject(error) || error.code !== "BlobAlreadyExists") throw error;
      await this.#put(containerNames.deadLetters, name, text, signal);
      return false;
    }
  }

  /** Ends if queue and containers are there and can be reached, and throws otherwise. */
  async check(signal: AbortSignal): Promise<void> {
    const queue = async () => (await this.#events()).getProperties({ abortSignal: signal });
    const container = async (name: string) => (await this.#container(name)).getProperties({ abortSignal: signal });
    await Promise.all([queue(), ...Object.values(containerNames).map(container)]);
  }

  async #put(
    containerName: string,
    name: string,
    text: string,
    signal: AbortSignal,
    conditions: { ifNoneMatch?: "*" } = {},
  ): Promise<void> {
    const container = await this.#container(containerName);
    await container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text), {
      blobHTTPHeaders: { blobContentType: "application/json" },
      conditions,
      abortSignal: signal,
    });
  }

  async #container(name: string): Promise<ContainerClient> {
    return (await this.#blobs()).getContainerClient(name);
  }
}

async function accessTo(settings: StorageSettings): Promise<StorageAccess> {
  if ("problem" in settings) throw new Error(settings.problem);
  if ("connectionString" in settings) return settings;
  const { clientId, ...serviceUris } = settings;
  const { managedIdentity } = await import("./managed-identity.ts");
  return { ...serviceUris, credential: managedIdentity(clientId) };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
