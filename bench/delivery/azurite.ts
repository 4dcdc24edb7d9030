import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { type Child, startChild } from "../../packages/local-cloud/src/azure/host/child-process.ts";
import { containerNames, eventQueues, mostEventQueues } from "../../relay/core/names.ts";

/** The queues of a relay that has as many as it can have. */
const queueNames = eventQueues(mostEventQueues).flatMap(({ events, poison }) => [events, poison]);

const azuriteMain = createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js");

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
    const listening = new Map<string, string>();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let azurite: Azurite | undefined;
    const child = startChild({
      module: azuriteMain,
      preload: folder === undefined ? [path.join(import.meta.dirname, "steady-azurite.ts")] : [],
      arguments: [
        "--blobPort",
        "0",
        "--queuePort",
        "0",
        "--tablePort",
        "0",
        ...(folder === undefined ? ["--inMemoryPersistence"] : ["--location", folder]),
        "--disableTelemetry",
        "--skipApiVersionCheck",
      ],
      environment: { AZURITE_ACCOUNTS: `bench:${key}` },
      output: {
        onLine: (line) => {
          azurite?.count(line);
          const [, service, address] = line.match(/Azurite (\w+) service is successfully listening at (\S+)/) ?? [];
          if (service !== undefined && address !== undefined) listening.set(service, address);
          if (listening.size === 3) resolve();
        },
      },
    });
    void child.exited.then((end) => reject(new Error(`Azurite ended (${end}) before it listened.`)));
    await promise;
    const endpoints = [...listening].map(([service, address]) => `${service}Endpoint=${address}/bench;`).join("");
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
