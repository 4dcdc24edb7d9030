import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import type { Child } from "../../packages/local-cloud/src/azure/app-service/child-process.ts";
import { startEmulator } from "../../packages/local-cloud/src/azure/storage/start-emulator.ts";
import { containerNames, eventQueues, mostEventQueues } from "../../relay/core/names.ts";

/** The queues of a relay that has as many as it can have. */
const queueNames = eventQueues(mostEventQueues).flatMap(({ events, poison }) => [events, poison]);

/**
 * How the emulator runs. `steady`: with all data in memory and as steadily as Azure, see `steady-azurite.ts`. `stock`: as Microsoft ships
 * it, with its data on disk.
 */
export type EmulatorForm = "steady" | "stock";

/** Microsoft's storage emulator with the relay's queues and containers. It counts by its access log, which costs almost nothing. */
export class Azurite {
  readonly connectionString: string;
  readonly queues: QueueServiceClient;
  tableTransactions = 0;
  queueOperations = 0;
  readonly #child: Child;
  readonly #folder: string | undefined;

  private constructor(child: Child, folder: string | undefined, connectionString: string) {
    this.#child = child;
    this.#folder = folder;
    this.connectionString = connectionString;
    this.queues = QueueServiceClient.fromConnectionString(connectionString);
  }

  static async start(form: EmulatorForm = "steady"): Promise<Azurite> {
    const folder = form === "stock" ? await mkdtemp(path.join(tmpdir(), "bench-azurite-")) : undefined;
    const key = randomBytes(64).toString("base64");
    let azurite: Azurite | undefined;
    const { child, addresses } = await startEmulator({
      accounts: `bench:${key}`,
      preload: folder === undefined ? [path.join(import.meta.dirname, "steady-azurite.ts")] : [],
      flags: folder === undefined ? ["--inMemoryPersistence"] : ["--location", folder],
      onLine: (line) => azurite?.count(line),
    });
    const { blob, queue, table } = addresses;
    const endpoints = `BlobEndpoint=${blob}/bench;QueueEndpoint=${queue}/bench;TableEndpoint=${table}/bench;`;
    const account = `DefaultEndpointsProtocol=http;AccountName=bench;AccountKey=${key};`;
    azurite = new Azurite(child, folder, account + endpoints);
    const blobs = BlobServiceClient.fromConnectionString(azurite.connectionString);
    for (const name of queueNames) await azurite.queues.getQueueClient(name).create();
    for (const name of Object.values(containerNames)) await blobs.getContainerClient(name).create();
    return azurite;
  }

  /** @param line of the access log: `… "<method> <path> HTTP/1.1" <status> -` */
  count(line: string): void {
    const requested = line.match(/"[A-Z]+ \/bench\/([^/?( ]*)([^ ]*) HTTP/);
    if (requested === null) return;
    const [, name = "", rest = ""] = requested;
    // Tables are called `name(…)`, `Tables…` or `$batch`, queues `name/messages…` or by their own name.
    if (name.startsWith("Tables") || name.startsWith("$batch") || rest.startsWith("(")) this.tableTransactions += 1;
    else if (queueNames.includes(name)) this.queueOperations += 1;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    await this.#child.kill();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
