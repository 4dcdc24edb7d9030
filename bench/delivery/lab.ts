import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { type Child, startChild } from "../../packages/local-cloud/src/azure/host/child-process.ts";
import { type HostProcess, startHost } from "../../packages/local-cloud/src/azure/host/host-process.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { buildRelay } from "../../relay/build.ts";
import { encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { Processors } from "./processors.ts";
import { Sink } from "./sink.ts";

const azuriteMain = createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js");
const signingKey = "bench-signing-key";

/** Connections of the sender, as many as Azure's front end may keep to an instance. */
const connections = 64;

/** How a call of the intake ended. */
export interface Call {
  /** 0 if there was no answer. */
  readonly status: number;
  /** Since it was due, including the wait for a connection. */
  readonly milliseconds: number;
}

/** One instance of the deployed bundle in the stand-in's function host, with its own Azurite and sink. */
export class Lab {
  readonly sink: Sink;
  readonly #folder: string;
  readonly #azurite: Azurite;
  readonly #host: HostProcess;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: connections });

  private constructor(parts: { sink: Sink; folder: string; azurite: Azurite; host: HostProcess }) {
    this.sink = parts.sink;
    this.#folder = parts.folder;
    this.#azurite = parts.azurite;
    this.#host = parts.host;
  }

  /** @param settings app settings in addition to those of every relay */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Lab> {
    const { folder: bundle } = await buildRelay();
    const folder = await mkdtemp(path.join(tmpdir(), "bench-load-"));
    const sink = await Sink.start();
    const azurite = await Azurite.start();
    const host = await startHost({
      appFolder: bundle,
      logFile: path.join(folder, "host.log"),
      environment: {
        CUSTOMERIO_SIGNING_KEYS: signingKey,
        PLATFORM_STREAMING_URL: sink.streamingUrl,
        RELAY_STORAGE: azurite.connectionString,
        ...settings,
      },
    });
    if (host === undefined || host.error !== undefined) throw new Error(`The function host failed: ${host?.error}`);
    return new Lab({ sink, folder, azurite, host });
  }

  /** Starts to measure the processor time of all parts. */
  processors(): Processors {
    return new Processors({ relay: this.#host.pid, Azurite: this.#azurite.pid, "sender and sink": process.pid });
  }

  /** Starts the queue functions; until then only HTTP is answered. */
  listen(): void {
    this.#host.listenFor(this.#host.functions.map(({ name }) => name));
  }

  /** Table transactions so far: requests to the Table service. */
  get tableTransactions(): number {
    return this.#azurite.tableTransactions;
  }

  /** Operations on queues so far, including the host's polls. */
  get queueOperations(): number {
    return this.#azurite.queueOperations;
  }

  /** Records that the host and the relay have written so far, which Azure would keep and charge for. */
  async records(): Promise<number> {
    return linesOf(await readFile(path.join(this.#folder, "host.log"), "utf8")).length;
  }

  /** How often the forwarder was executed so far, where the log says it. */
  async executions(): Promise<number> {
    const log = await readFile(path.join(this.#folder, "host.log"), "utf8");
    return log.split("Executing 'Functions.forwarder'").length - 1;
  }

  /** The outcome lines in the relay's log. */
  async outcomes(): Promise<Record<string, unknown>[]> {
    const log = await readFile(path.join(this.#folder, "host.log"), "utf8");
    return linesOf(log).flatMap((line) => {
      const text = String(JSON.parse(line).message);
      return text.startsWith('{"outcome"') ? [JSON.parse(text) as Record<string, unknown>] : [];
    });
  }

  /** Sends an event to the intake, signed as Customer.io signs. @param at when it happened */
  async send(id: string, at = Date.now()): Promise<Call> {
    const body = bodyOf(id, at);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac("sha256", signingKey).update(`v0:${timestamp}:${body}`).digest("hex");
    const begin = performance.now();
    const headers = {
      "content-type": "application/json",
      "x-cio-timestamp": timestamp,
      "x-cio-signature": signature,
    };
    const status = await post({ port: this.#host.port, path: "/customerio", agent: this.#agent, headers }, body);
    return { status, milliseconds: performance.now() - begin };
  }

  /** Sends so many events as fast as they are answered, over so many connections. */
  async sendEach(
    count: number,
    lanes: number,
    next: () => { readonly id: string; readonly at: number },
  ): Promise<(Call & { readonly id: string })[]> {
    const calls: (Call & { readonly id: string })[] = [];
    let begun = 0;
    const lane = async () => {
      while (begun < count) {
        begun += 1;
        const { id, at } = next();
        calls.push({ id, ...(await this.send(id, at)) });
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return calls;
  }

  /** Sends events at a steady rate, however long the answers take, and waits for the answers. */
  async sendSteadily(ids: readonly string[], perSecond: number): Promise<Call[]> {
    const begin = performance.now();
    const calls: Promise<Call>[] = [];
    for (const [index, id] of ids.entries()) {
      const wait = begin + (index / perSecond) * 1000 - performance.now();
      if (wait > 0) await sleep(wait);
      calls.push(this.send(id));
    }
    return Promise.all(calls);
  }

  /** Puts events into the queue, bypassing the intake, with `each` events per message. */
  async enqueue(ids: readonly string[], each: number): Promise<void> {
    const queue = this.#azurite.queues.getQueueClient(queueNames.events);
    const receivedAt = new Date().toISOString();
    const messages: string[] = [];
    for (let at = 0; at < ids.length; at += each) {
      const events = ids
        .slice(at, at + each)
        .map((id) => newEvent({ id, receivedAt, body: bodyOf(id, Date.parse(receivedAt)) }));
      messages.push(...encodeEnvelopes(events));
    }
    const rest = messages.values();
    const lane = async () => {
      for (const message of rest) await queue.sendMessage(message, { messageTimeToLive: -1 });
    };
    await Promise.all(Array.from({ length: 32 }, lane));
  }

  /** Waits until the sink has all of these events. @returns whether it has, within the given milliseconds */
  async allTaken(ids: readonly string[], patience: number): Promise<boolean> {
    const until = performance.now() + patience;
    for (;;) {
      if (ids.every((id) => this.sink.takenAt.has(id))) return true;
      if (performance.now() > until) return false;
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#host.kill();
    await this.#azurite.stop();
    this.sink.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The whole records of a host's log. */
function linesOf(log: string): string[] {
  return log.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
}

/** @returns the status; 0 if there was no answer */
function post(options: http.RequestOptions, body: string): Promise<number> {
  return new Promise((resolve) => {
    const request = http.request({ ...options, host: "127.0.0.1", method: "POST" }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", () => resolve(0));
    });
    request.once("error", () => resolve(0));
    request.end(body);
  });
}

/** @param at when it happened, in milliseconds since 1970 */
function bodyOf(id: string, at: number): string {
  return JSON.stringify({ ...samples[0]?.event, event_id: id, timestamp: Math.floor(at / 1000) });
}

/**
 * Microsoft's storage emulator with the relay's queues and containers, all in memory, so that it is as close to Azure's speed as possible:
 * see `short-index.ts`. It counts by its access log, which costs almost nothing.
 */
class Azurite {
  readonly connectionString: string;
  readonly queues: QueueServiceClient;
  tableTransactions = 0;
  queueOperations = 0;
  readonly #child: Child;

  private constructor(child: Child, connectionString: string) {
    this.#child = child;
    this.connectionString = connectionString;
    this.queues = QueueServiceClient.fromConnectionString(connectionString);
  }

  static async start(): Promise<Azurite> {
    const key = randomBytes(64).toString("base64");
    const listening = new Map<string, string>();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let azurite: Azurite | undefined;
    const child = startChild({
      module: azuriteMain,
      preload: [path.join(import.meta.dirname, "short-index.ts")],
      arguments: [
        ...["--blobPort", "0", "--queuePort", "0", "--tablePort", "0", "--inMemoryPersistence"],
        ...["--disableTelemetry", "--skipApiVersionCheck"],
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
    azurite = new Azurite(child, account + endpoints);
    const blobs = BlobServiceClient.fromConnectionString(azurite.connectionString);
    for (const name of Object.values(queueNames)) await azurite.queues.getQueueClient(name).create();
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
    else if (Object.values<string>(queueNames).includes(name)) this.queueOperations += 1;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    await this.#child.kill();
  }
}
