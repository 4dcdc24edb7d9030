import type { TokenCredential } from "@azure/identity";
import type { ContainerClient } from "@azure/storage-blob";
import type { QueueClient } from "@azure/storage-queue";
import { z } from "zod";
import { containerNames, queueNames } from "../relay/core/names.ts";
import type { PulumiStack } from "./pulumi-stack.ts";

const account = z.object({
  id: z.string(),
  outputs: z.object({ name: z.string(), primaryEndpoints: z.object({ blob: z.string(), queue: z.string() }) }),
});
const scope = "https://storage.azure.com/.default";

/** A dead letter's blob, unread. */
export interface DeadLetterEntry {
  readonly name: string;
  /** When it was written: when the event died. */
  readonly writtenAt: Date;
}

/** The storage account of a stack's relay, opened with the caller's own Azure login, since the account allows no keys. */
export class RelayStorageAccount {
  readonly #id: string;
  readonly #name: string;
  readonly #credential: TokenCredential;
  readonly #deadLetters: ContainerClient;
  readonly #claims: ContainerClient;
  readonly #events: QueueClient;

  private constructor(parts: {
    id: string;
    name: string;
    credential: TokenCredential;
    deadLetters: ContainerClient;
    claims: ContainerClient;
    events: QueueClient;
  }) {
    this.#id = parts.id;
    this.#name = parts.name;
    this.#credential = parts.credential;
    this.#deadLetters = parts.deadLetters;
    this.#claims = parts.claims;
    this.#events = parts.events;
  }

  static async open(stack: PulumiStack): Promise<RelayStorageAccount> {
    const { id, outputs } = account.parse(stack.resource("azure-native:storage:StorageAccount"));
    const [{ DefaultAzureCredential }, { BlobServiceClient }, { QueueServiceClient }] = await Promise.all([
      import("@azure/identity"),
      import("@azure/storage-blob"),
      import("@azure/storage-queue"),
    ]);
    const credential = new DefaultAzureCredential();
    const blobs = new BlobServiceClient(outputs.primaryEndpoints.blob, credential);
    const queues = new QueueServiceClient(outputs.primaryEndpoints.queue, credential);
    return new RelayStorageAccount({
      ...{ id, name: outputs.name, credential },
      deadLetters: blobs.getContainerClient(containerNames.deadLetters),
      claims: blobs.getContainerClient(containerNames.claims),
      events: queues.getQueueClient(queueNames.events),
    });
  }

  /** All dead letters, the oldest day first. */
  async deadLetters(): Promise<DeadLetterEntry[]> {
    return this.#explained("Storage Blob Data Contributor", async () => {
      const entries: DeadLetterEntry[] = [];
      for await (const { name, properties } of this.#deadLetters.listBlobsFlat()) {
        entries.push({ name, writtenAt: properties.lastModified });
      }
      return entries;
    });
  }

  /** A dead letter's text and its version; undefined if it is gone meanwhile. */
  async readDeadLetter(name: string): Promise<{ text: string; etag: string } | undefined> {
    return this.#explained("Storage Blob Data Contributor", async () => {
      try {
        const { etag, readableStreamBody } = await this.#deadLetters.getBlobClient(name).download();
        if (!readableStreamBody || etag === undefined) throw new Error(`The dead letter ${name} came without content.`);
        const chunks: Buffer[] = [];
        for await (const chunk of readableStreamBody) chunks.push(Buffer.from(chunk));
        return { text: Buffer.concat(chunks).toString("utf8"), etag };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  /**
   * Deletes a dead letter if it is still of that version.
   *
   * @returns false if it was written anew meanwhile: its event was replayed, and died again
   */
  async removeDeadLetter(name: string, etag: string): Promise<boolean> {
    return this.#explained("Storage Blob Data Contributor", async () => {
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
    await this.#explained("Storage Blob Data Contributor", () =>
      this.#claims.getBlockBlobClient(name).upload(body, Buffer.byteLength(body), {
        blobHTTPHeaders: { blobContentType: "application/json" },
      }),
    );
  }

  /** Puts a message, base64, on the queue of events, where it stays until it is done with. */
  async enqueue(message: string): Promise<void> {
    await this.#explained("Storage Queue Data Contributor", () =>
      this.#events.sendMessage(message, { messageTimeToLive: -1 }),
    );
  }

  /** Owners and Contributors may not touch the data in an account, so the first error here mostly is a role that is missing. */
  async #explained<T>(role: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      const said = message?.split("\n", 1)[0] ?? String(error);
      if (statusOf(error) !== 403) throw new Error(`Could not use the storage account ${this.#name}: ${said}`);
      if (code === "AuthorizationFailure") {
        throw new Error(
          `The storage account ${this.#name} does not let this network in (${code}). Run the command where it does.`,
        );
      }
      throw new Error(
        `Your Azure login lacks the role ${role} on the storage account ${this.#name} (${code}). Assign it, and wait a ` +
          `minute or two: az role assignment create --assignee-object-id ${await this.#callersObjectId()} ` +
          `--role "${role}" --scope ${this.#id}`,
      );
    }
  }

  /** The caller as role assignments name it: the claim `oid` of the access token. */
  async #callersObjectId(): Promise<string> {
    const token = await this.#credential.getToken(scope);
    const [, claims = ""] = token?.token.split(".") ?? [];
    return z.object({ oid: z.string() }).parse(JSON.parse(Buffer.from(claims, "base64url").toString())).oid;
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}
