import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { type QueueClient, QueueServiceClient } from "@azure/storage-queue";
import type { Child } from "../../packages/local-cloud/src/azure/app-service/child-process.ts";
import { startEmulator, withoutTelemetry } from "../../packages/local-cloud/src/azure/storage/start-emulator.ts";
import { Tables } from "../../relay/azure/storage/tables.ts";
import { addCounts, type Counts, noCounts } from "../../relay/core/counts/counts.ts";
import { containerNames, countsTable, eventQueues, queueNames } from "../../relay/core/names.ts";
import type { SharedClock } from "./shared-clock.ts";

const key = randomBytes(64).toString("base64");
const accountNames = Array.from({ length: 64 }, (_, index) => `account${index}`);

/** The ports of the storage account's services. */
export interface Ports {
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
}

/** Azure's storage emulator with the shared clock, and a new account for each scenario. */
export class Storage {
  readonly ports: Ports;
  readonly #child: Child;
  #accounts = 0;

  private constructor(child: Child, ports: Ports) {
    this.ports = ports;
    this.#child = child;
  }

  static async start(folder: string, clock: SharedClock): Promise<Storage> {
    await mkdir(folder, { recursive: true });
    const { child, addresses } = await startEmulator({
      accounts: accountNames.map((account) => `${account}:${key}`).join(";"),
      preload: [withoutTelemetry],
      flags: ["--location", folder, "--silent"],
      environment: clock.environment,
    });
    const portOf = (service: keyof Ports) => Number(new URL(addresses[service]).port);
    return new Storage(child, { blob: portOf("blob"), queue: portOf("queue"), table: portOf("table") });
  }

  /** A new account with the relay's queues and containers. */
  async nextAccount(): Promise<Account> {
    const name = accountNames[this.#accounts];
    if (name === undefined) throw new Error("There are more scenarios than accounts.");
    this.#accounts += 1;
    const account = new Account(name, this.ports);
    await account.prepare();
    return account;
  }

  async stop(): Promise<void> {
    await this.#child.kill();
  }
}

/** Queues of events of a relay that has several. */
export const manyQueues = 3;
/** The queues of each account. A relay with fewer leaves the others empty. */
export const queues = eventQueues(manyQueues).flatMap(({ events, poison }) => [events, poison]);

/** One account, accessed directly without faults. */
export class Account {
  readonly #name: string;
  readonly #queues: QueueServiceClient;
  readonly #blobs: BlobServiceClient;
  readonly tables: Tables;

  constructor(name: string, ports: Ports) {
    this.#name = name;
    const connectionString = this.connectionString(ports);
    this.#queues = QueueServiceClient.fromConnectionString(connectionString);
    this.#blobs = BlobServiceClient.fromConnectionString(connectionString);
    this.tables = new Tables(async () => ({ connectionString }));
  }

  /** The account through these ports. */
  connectionString({ blob, queue, table }: Ports): string {
    const endpoint = (port: number) => `http://127.0.0.1:${port}/${this.#name}`;
    return (
      `DefaultEndpointsProtocol=http;AccountName=${this.#name};AccountKey=${key};` +
      `BlobEndpoint=${endpoint(blob)};QueueEndpoint=${endpoint(queue)};TableEndpoint=${endpoint(table)};`
    );
  }

  async prepare(): Promise<void> {
    for (const name of queues) await this.queue(name).create();
    for (const name of Object.values(containerNames)) await this.container(name).create();
  }

  queue(name: string): QueueClient {
    return this.#queues.getQueueClient(name);
  }

  container(name: string): ContainerClient {
    return this.#blobs.getContainerClient(name);
  }

  /** Deletes all messages and blobs, as Azure does with an account. */
  async empty(): Promise<void> {
    for (const name of queues) await this.queue(name).clearMessages();
    for (const name of Object.values(containerNames)) {
      for await (const blob of this.container(name).listBlobsFlat()) await this.container(name).deleteBlob(blob.name);
    }
  }

  /** Messages in all queues, hidden ones too. */
  async waiting(): Promise<number> {
    const counts = await Promise.all(
      queues.map(async (name) => (await this.queue(name).getProperties()).approximateMessagesCount),
    );
    return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  }

  /** The time by the storage's clock. */
  async now(): Promise<Date> {
    const { date } = await this.queue(queueNames.events).getProperties();
    if (date === undefined) throw new Error("The storage does not tell the time.");
    return date;
  }

  /** Whether no message of any queue could be read now. */
  async quiet(): Promise<boolean> {
    for (const name of queues) {
      if ((await this.queue(name).peekMessages()).peekedMessageItems.length > 0) return false;
    }
    return true;
  }

  /** Removes all visible messages from all queues; returns their decoded texts. */
  async takeAll(): Promise<string[]> {
    const texts: string[] = [];
    for (const name of queues) {
      for (;;) {
        const { receivedMessageItems } = await this.queue(name).receiveMessages({ numberOfMessages: 32 });
        if (receivedMessageItems.length === 0) break;
        for (const { messageId, popReceipt, messageText } of receivedMessageItems) {
          texts.push(Buffer.from(messageText, "base64").toString("utf8"));
          await this.queue(name).deleteMessage(messageId, popReceipt);
        }
      }
    }
    return texts;
  }

  /** The sum of the instances' counts. */
  async counts(): Promise<Counts> {
    const total = noCounts();
    for (const row of await this.tables.all(countsTable, AbortSignal.timeout(10_000))) addCounts(total, row);
    return total;
  }

  /** The contents of a container's blobs. */
  async blobs(container: string): Promise<string[]> {
    const client = this.container(container);
    const contents: string[] = [];
    for await (const { name } of client.listBlobsFlat()) {
      contents.push((await client.getBlobClient(name).downloadToBuffer()).toString("utf8"));
    }
    return contents;
  }
}
