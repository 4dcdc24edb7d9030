import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { startEmulator, withoutTelemetry } from "../../../packages/local-cloud/src/azure/storage/start-emulator.ts";
import type { Certificate } from "../../../packages/local-cloud/src/certificate.ts";
import { type DeadLetter, parseDeadLetter } from "../../../relay/core/event/dead-letter.ts";
import { decodeEnvelope, type QueuedEvent } from "../../../relay/core/event/envelope.ts";
import { containerNames, queueNames } from "../../../relay/core/names.ts";

/** A message of a queue, received but not deleted, as the Functions host would pass it. */
interface HostMessage {
  /** As the Functions library passes it: parsed if it is JSON. */
  readonly message: unknown;
  readonly expiresOn: Date;
}

/** Microsoft's storage emulator with only the relay's queues and containers. */
export interface Azurite {
  readonly connectionString: string;
  readonly queueServiceUri: string;
  readonly blobServiceUri: string;
  readonly tableServiceUri: string;
  /** Empties queues and containers. */
  reset(): Promise<void>;
  /** Receives the messages of a queue that are visible now, as the host would. */
  take(queue: string): Promise<HostMessage[]>;
  /** The events in those messages of the queue `events`, message by message. */
  takeEvents(): Promise<(readonly QueuedEvent[])[]>;
  /** How many messages the queue has, hidden ones too. */
  waiting(queue: string): Promise<number>;
  blobNames(container: string): Promise<string[]>;
  deadLetters(): Promise<DeadLetter[]>;
  stop(): Promise<void>;
}

const key = randomBytes(64).toString("base64");

/**
 * Starts it in its own process, on free ports and in a temporary folder.
 *
 * @param certificate makes it serve https and also accept Entra ID's tokens, of which it checks only the claims
 */
export async function startAzurite(certificate?: Certificate): Promise<Azurite> {
  const folder = await mkdtemp(join(tmpdir(), "relay-azurite-"));
  const tls = certificate
    ? ["--cert", certificate.certificateFile, "--key", certificate.keyFile, "--oauth", "basic"]
    : [];
  const { child, addresses } = await startEmulator({
    accounts: `relaytest:${key}`,
    preload: [withoutTelemetry],
    flags: ["--silent", "--location", folder, ...tls],
  });
  const stop = async () => {
    await child.kill();
    await rm(folder, { recursive: true, force: true });
  };
  const connectionString =
    `DefaultEndpointsProtocol=${certificate ? "https" : "http"};AccountName=relaytest;AccountKey=${key};` +
    `BlobEndpoint=${addresses.blob}/relaytest;QueueEndpoint=${addresses.queue}/relaytest;TableEndpoint=${addresses.table}/relaytest;`;
  const retryOptions = { maxTries: 2, retryDelayInMs: 100 };
  const queues = QueueServiceClient.fromConnectionString(connectionString, { retryOptions });
  const blobs = BlobServiceClient.fromConnectionString(connectionString, { retryOptions });
  try {
    for (const name of Object.values(queueNames)) await queues.getQueueClient(name).create();
    for (const name of Object.values(containerNames)) await blobs.getContainerClient(name).create();
  } catch (error) {
    await stop();
    throw error;
  }

  const blobNames = async (container: string) => {
    const names: string[] = [];
    for await (const { name } of blobs.getContainerClient(container).listBlobsFlat()) names.push(name);
    return names;
  };
  const take = async (queue: string) => {
    const client = queues.getQueueClient(queue);
    const { receivedMessageItems } = await client.receiveMessages({ numberOfMessages: 32 });
    for (const { messageId, popReceipt } of receivedMessageItems) await client.deleteMessage(messageId, popReceipt);
    return receivedMessageItems.map(({ messageText, expiresOn }) => {
      const text = Buffer.from(messageText, "base64").toString("utf8");
      return { message: parsedIfJson(text), expiresOn };
    });
  };
  return {
    connectionString,
    queueServiceUri: `${addresses.queue}/relaytest`,
    blobServiceUri: `${addresses.blob}/relaytest`,
    tableServiceUri: `${addresses.table}/relaytest`,
    blobNames,
    take,
    async reset() {
      for (const name of Object.values(queueNames)) await queues.getQueueClient(name).clearMessages();
      for (const name of Object.values(containerNames)) {
        for (const blob of await blobNames(name)) await blobs.getContainerClient(name).deleteBlob(blob);
      }
    },
    async takeEvents() {
      const messages = await take(queueNames.events);
      return messages.map(({ message }) => {
        const decoded = decodeEnvelope(message);
        if (!decoded.readable) throw new Error(decoded.reason);
        return decoded.events;
      });
    },
    async waiting(queue) {
      return (await queues.getQueueClient(queue).getProperties()).approximateMessagesCount ?? 0;
    },
    async deadLetters() {
      const names = await blobNames(containerNames.deadLetters);
      const container = blobs.getContainerClient(containerNames.deadLetters);
      const texts = await Promise.all(names.map((name) => container.getBlobClient(name).downloadToBuffer()));
      return texts.map((text) => parseDeadLetter(text.toString("utf8")));
    },
    stop,
  };
}

function parsedIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
