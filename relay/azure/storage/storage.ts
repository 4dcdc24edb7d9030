import { randomUUID } from "node:crypto";
import { text as textOf } from "node:stream/consumers";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import type { DeadLetterBlob } from "../../core/event/dead-letter.ts";
import { isObject } from "../../core/event/json.ts";
import { containerNames, type EventQueue, eventQueues } from "../../core/names.ts";
import { once } from "../../core/once.ts";
import { waitUnlessAborted } from "../budget.ts";
import { ManagedIdentity } from "../managed-identity.ts";
import type { StorageSettings } from "../settings.ts";
import { type EnqueueOptions, EventQueues, type QueueHead } from "./event-queues.ts";
import type { StorageAccess } from "./storage-access.ts";
import { Tables } from "./tables.ts";

/** Milliseconds that one call may take, including retries and waits, if nobody waits for an answer. */
export const storageTimeout = 30_000;

/**
 * The relay's storage account: the queues of events, claims (bodies too large for a message) and dead letters. Queues
 * and containers must exist.
 *
 * Azure's library for blobs is loaded when it is first used, since loading it would be most of a cold start, and few
 * calls need it.
 *
 * Every method throws what Azure's library or `Queue` throws, or an error that names the setting to fix. An aborted
 * signal always ends the method, even where the library ignores it, as while it fetches a token.
 */
export class RelayStorageClient {
  readonly #queues: EventQueues;
  readonly #blobs: () => Promise<BlobServiceClient>;
  /** The account's tables, which hold only data that may get lost. */
  readonly tables: Tables;
  readonly #access: () => Promise<StorageAccess>;

  /** @param queues the queues of events, in the order of `eventQueues`; by default one */
  constructor(settings: StorageSettings, queues: readonly [EventQueue, ...EventQueue[]] = eventQueues(1)) {
    const access = once(() => openAccess(settings));
    this.#access = access;
    this.tables = new Tables(access);
    this.#queues = new EventQueues(access, queues);
    this.#blobs = once(async () => (await import("./open-blobs.ts")).openBlobs(await access()));
  }

  /** The tables of another account, which this relay's identity may read. */
  tablesAt(tableServiceUri: string): Tables {
    return new Tables(async () => {
      const own = await this.#access();
      // An account key opens only its own account.
      if ("connectionString" in own) throw new Error("App settings: RELAY_STORAGE names no identity.");
      return { ...own, tableServiceUri };
    });
  }

  /** Puts a message into a queue: see `EventQueues.put`. */
  enqueue(message: string, options: EnqueueOptions): Promise<void> {
    return runWithin(options.signal, () => this.#queues.put(message, options));
  }

  /** Keeps a body until its event is finished. A second write overwrites the claim with the same body. */
  putClaim(name: string, body: string, signal: AbortSignal): Promise<void> {
    return runWithin(signal, () => this.#put(containerNames.claims, name, body, { signal }));
  }

  /**
   * @returns undefined if there is no such claim: an earlier run delivered its event or made it a dead letter, and then
   * deleted the claim. Nothing else deletes a claim that is as young as a message.
   */
  readClaim(name: string, signal: AbortSignal): Promise<string | undefined> {
    return runWithin(signal, async () => {
      const claims = await this.#container(containerNames.claims);
      try {
        const { readableStreamBody } = await claims.getBlobClient(name).download(0, undefined, { abortSignal: signal });
        return readableStreamBody ? await textOf(readableStreamBody) : "";
      } catch (error) {
        if (isObject(error) && error.code === "BlobNotFound") return undefined;
        throw error;
      }
    });
  }

  /** Deletes a claim; a missing claim is not an error. */
  deleteClaim(name: string, signal: AbortSignal): Promise<void> {
    return runWithin(signal, async () => {
      const claims = await this.#container(containerNames.claims);
      await claims.getBlobClient(name).deleteIfExists({ abortSignal: signal });
    });
  }

  /**
   * Writes a dead letter. A second write overwrites it: see `blobName`.
   *
   * @param writer names who writes it, the receipt of its event; by default each call is another writer
   * @returns whether this writer is the first
   */
  putDeadLetter(
    { name, document }: DeadLetterBlob,
    signal: AbortSignal,
    writer: string = randomUUID(),
  ): Promise<boolean> {
    return runWithin(signal, async () => {
      const text = JSON.stringify(document);
      try {
        await this.#put(containerNames.deadLetters, name, text, { signal, ifNoneMatch: "*", metadata: { writer } });
        return true;
      } catch (error) {
        if (!isObject(error) || error.code !== "BlobAlreadyExists") throw error;
        const metadata = await this.#metadataOf(containerNames.deadLetters, name, signal);
        // Azure's library retries if an answer is lost, and then finds the blob that it has written itself.
        if (metadata?.writer === writer) return true;
        await this.#put(containerNames.deadLetters, name, text, { signal, metadata: metadata ?? { writer } });
        return false;
      }
    });
  }

  /**
   * Writes a dead letter, unless there is one already: what that one says stays. It becomes a new version, so that a replay that has read it and
   * queued its event does not delete it (`deleteDeadLetter` in cli/relay/relay-storage.ts).
   *
   * @param writer as in `putDeadLetter`
   * @returns whether this writer is the first
   */
  addDeadLetter({ name, document }: DeadLetterBlob, signal: AbortSignal, writer: string): Promise<boolean> {
    return runWithin(signal, async () => {
      const put = (ifNoneMatch?: "*") =>
        this.#put(containerNames.deadLetters, name, JSON.stringify(document), {
          signal,
          ...(ifNoneMatch && { ifNoneMatch }),
          metadata: { writer },
        });
      try {
        await put("*");
        return true;
      } catch (error) {
        if (!isObject(error) || error.code !== "BlobAlreadyExists") throw error;
        const metadata = await this.#metadataOf(containerNames.deadLetters, name, signal);
        const blob = (await this.#container(containerNames.deadLetters)).getBlobClient(name);
        try {
          // A change of the metadata changes the ETag (Microsoft's "Set Blob Metadata").
          await blob.setMetadata(metadata ?? {}, { abortSignal: signal });
          return metadata?.writer === writer;
        } catch (missing) {
          // A replay has just deleted it.
          if (!isObject(missing) || missing.code !== "BlobNotFound") throw missing;
          await put();
          return true;
        }
      }
    });
  }

  /** From a list of blobs, because the relay's identity may not read dead letters: see `writeOnly`. */
  async #metadataOf(
    containerName: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Record<string, string> | undefined> {
    const container = await this.#container(containerName);
    const listed = container.listBlobsFlat({ prefix: name, includeMetadata: true, abortSignal: signal });
    // No dead letter's name is the beginning of another one, and the shortest one comes first in any case.
    const { value } = await listed.next();
    return value?.name === name ? value.metadata : undefined;
  }

  /** See `EventQueues.peekHeads`. */
  peekHeads(signal: AbortSignal): Promise<readonly QueueHead[]> {
    return this.#queues.peekHeads(signal);
  }

  /** The metadata that holds the marks, and the time by the storage's own clock. */
  readMarks(signal: AbortSignal): Promise<{ metadata: Record<string, string>; now: Date }> {
    return runWithin(signal, async () => {
      const { metadata, now } = await this.#queues.readMarked(signal);
      return { metadata, now };
    });
  }

  /**
   * Counts dead letters. Stops at the first page that reaches `enough`; `more` then says whether there may be others.
   */
  countDeadLetters(enough: number, signal: AbortSignal): Promise<{ count: number; more: boolean }> {
    return runWithin(signal, async () => {
      const container = await this.#container(containerNames.deadLetters);
      let count = 0;
      for await (const page of container.listBlobsFlat({ abortSignal: signal }).byPage()) {
        count += page.segment.blobItems.length;
        if (count >= enough) return { count, more: Boolean(page.continuationToken) };
      }
      return { count, more: false };
    });
  }

  /** Resolves if queues and containers exist and can be reached, and throws otherwise. */
  check(signal: AbortSignal): Promise<{ waiting: number }> {
    return runWithin(signal, async () => {
      const container = async (name: string) => (await this.#container(name)).getProperties({ abortSignal: signal });
      const containers = Object.values(containerNames).map(container);
      const [waiting] = await Promise.all([this.#queues.countWaiting(signal), ...containers]);
      return { waiting };
    });
  }

  async #put(
    containerName: string,
    name: string,
    text: string,
    {
      signal,
      ifNoneMatch,
      metadata = {},
    }: { signal: AbortSignal; ifNoneMatch?: "*"; metadata?: Record<string, string> },
  ): Promise<void> {
    const container = await this.#container(containerName);
    await container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text), {
      blobHTTPHeaders: { blobContentType: "application/json" },
      conditions: ifNoneMatch === undefined ? {} : { ifNoneMatch },
      metadata,
      abortSignal: signal,
    });
  }

  async #container(name: string): Promise<ContainerClient> {
    return (await this.#blobs()).getContainerClient(name);
  }
}

function runWithin<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return waitUnlessAborted(signal, work());
}

async function openAccess(settings: StorageSettings): Promise<StorageAccess> {
  if ("problem" in settings) throw new Error(settings.problem);
  if ("connectionString" in settings) return settings;
  const { clientId, ...serviceUris } = settings;
  return { ...serviceUris, credential: new ManagedIdentity({ clientId }) };
}
