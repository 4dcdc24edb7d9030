import { mkdtemp, rm } from "node:fs/promises";
import http, { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { frontEnd } from "../../packages/local-cloud/src/azure/app-service/front-end.ts";
import { type HostProcess, startHost } from "../../packages/local-cloud/src/azure/app-service/host-process.ts";
import { type Listener, listenOn } from "../../packages/local-cloud/src/listen.ts";
import { hostBodyLimit } from "../../relay/core/intake/body-limit.ts";
import { memoryBudget } from "../../relay/core/intake/memory-budget.ts";
import { containerNames } from "../../relay/core/names.ts";
import { type InstanceMemory, instanceHeap } from "../instance-heap.ts";
import { readMemory } from "../process-memory.ts";
import { Azurite } from "./azurite.ts";
import { signingKey } from "./sender.ts";

/** One instance of the deployed bundle, behind the stand-in's front end as a deployment sets it, with its own Azurite. */
export class Instance {
  readonly #folder: string;
  readonly #azurite: Azurite;
  readonly #host: HostProcess;
  readonly #front: Listener;

  private constructor(parts: { folder: string; azurite: Azurite; host: HostProcess; front: Listener }) {
    this.#folder = parts.folder;
    this.#azurite = parts.azurite;
    this.#host = parts.host;
    this.#front = parts.front;
  }

  /** @param bundle the folder of the relay's package */
  static async start(bundle: string, memoryMB: InstanceMemory): Promise<Instance> {
    const folder = await mkdtemp(path.join(tmpdir(), "bench-instance-"));
    const azurite = await Azurite.start();
    const host = await startHost({
      appFolder: bundle,
      logFile: path.join(folder, "host.log"),
      environment: {
        ...instanceHeap(memoryMB),
        CUSTOMERIO_SIGNING_KEYS: signingKey,
        PLATFORM_STREAMING_URL: "http://127.0.0.1:1/collection/inlet?x-adobe-flow-id=flow",
        RELAY_STORAGE: azurite.connectionString,
        INSTANCE_MEMORY_MB: String(memoryMB),
        FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(hostBodyLimit),
      },
    });
    if (host === undefined || host.error !== undefined) throw new Error(`The function host failed: ${host?.error}`);
    const front = await listenOn(
      createServer(
        frontEnd({
          takes: () => true,
          serving: async () => ({ port: host.port }),
          hostName: () => "relay.example",
          perInstanceConcurrency: () => memoryBudget(memoryMB).calls,
        }),
      ),
    );
    return new Instance({ folder, azurite, host, front });
  }

  /**
   * Posts a body to the intake.
   *
   * @param isDeclared whether the call says its length first; otherwise it sends chunks
   * @returns the status; 0 if the connection ended without an answer
   */
  post(body: Uint8Array, headers: Readonly<Record<string, string>> = {}, isDeclared = true): Promise<number> {
    const length = isDeclared ? { "content-length": String(body.byteLength) } : {};
    return new Promise((resolve) => {
      const request = http.request(
        {
          host: "127.0.0.1",
          port: this.#front.port,
          method: "POST",
          path: "/customerio",
          agent: false,
          headers: { ...headers, ...length },
        },
        (response) => {
          resolve(response.statusCode ?? 0);
          response.resume();
        },
      );
      request.once("error", () => resolve(0));
      if (isDeclared) request.end(body);
      else request.write(body, () => request.end());
    });
  }

  /** The most memory that the host's process, with the relay in it, has used, in MiB. Linux only. */
  async mostMemory(): Promise<number> {
    return (await readMemory(this.#host.pid, "peak")) / 2 ** 20;
  }

  /** How many large events are stored. */
  async claims(): Promise<number> {
    const blobs = BlobServiceClient.fromConnectionString(this.#azurite.connectionString);
    let count = 0;
    for await (const _blob of blobs.getContainerClient(containerNames.claims).listBlobsFlat()) count += 1;
    return count;
  }

  async stop(): Promise<void> {
    await this.#front.close();
    await this.#host.kill();
    await this.#azurite.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
