import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type HostProcess, startHost } from "../../packages/local-cloud/src/azure/app-service/host-process.ts";
import { buildRelay } from "../../relay/build.ts";
import { encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import { queueNames } from "../../relay/core/names.ts";
import { Azurite } from "./azurite.ts";
import { Processors } from "./processors.ts";
import { QueueLimit } from "./queue-limit.ts";
import { bodyOf, type Call, type NamedCall, type NextEvent, Sender, signingKey } from "./sender.ts";
import { Sink } from "./sink.ts";

/** Connections of the sender, as many as Azure's front end may keep to an instance. */
const connections = 64;

/** One instance of the deployed bundle in the stand-in's function host, with its own Azurite and sink. */
export class Lab {
  readonly sink: Sink;
  readonly #folder: string;
  readonly #azurite: Azurite;
  readonly #host: HostProcess;
  readonly #sender: Sender;
  readonly #limit: QueueLimit | undefined;

  private constructor(parts: {
    sink: Sink;
    folder: string;
    azurite: Azurite;
    host: HostProcess;
    limit: QueueLimit | undefined;
  }) {
    this.#limit = parts.limit;
    this.sink = parts.sink;
    this.#folder = parts.folder;
    this.#azurite = parts.azurite;
    this.#host = parts.host;
    this.#sender = new Sender({ port: parts.host.port, path: "/customerio", connections });
  }

  /**
   * @param settings app settings in addition to those of every relay
   * @param messagesPerSecond the most messages that each queue takes in a second; undefined: as many as it can
   */
  static async start(settings: Readonly<Record<string, string>> = {}, messagesPerSecond?: number): Promise<Lab> {
    const { folder: bundle } = await buildRelay();
    const folder = await mkdtemp(path.join(tmpdir(), "bench-load-"));
    const sink = await Sink.start();
    const azurite = await Azurite.start();
    const [limit, connectionString] =
      messagesPerSecond === undefined
        ? [undefined, azurite.connectionString]
        : await QueueLimit.before(azurite.connectionString, messagesPerSecond);
    const host = await startHost({
      appFolder: bundle,
      logFile: path.join(folder, "host.log"),
      environment: {
        CUSTOMERIO_SIGNING_KEYS: signingKey,
        PLATFORM_STREAMING_URL: sink.streamingUrl,
        RELAY_STORAGE: connectionString,
        ...settings,
      },
    });
    if (host === undefined || host.error !== undefined) throw new Error(`The function host failed: ${host?.error}`);
    return new Lab({ sink, folder, azurite, host, limit });
  }

  /** Starts to measure the processor time of all parts. */
  processors(): Processors {
    return new Processors({ relay: this.#host.pid, Azurite: this.#azurite.pid, "sender and sink": process.pid });
  }

  /** Messages that the limit of the queues let pass and refused so far. */
  get queueMessages(): QueueLimit["messages"] {
    return this.#limit?.messages ?? { taken: 0, refused: 0 };
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

  /** See `Sender.send`. */
  send(id: string, at?: number): Promise<Call> {
    return this.#sender.send(id, at);
  }

  /** See `Sender.sendEach`. */
  sendEach(count: number, lanes: number, next: NextEvent): Promise<NamedCall[]> {
    return this.#sender.sendEach(count, lanes, next);
  }

  /** See `Sender.sendSteadily`. */
  sendSteadily(ids: readonly string[], perSecond: number): Promise<Call[]> {
    return this.#sender.sendSteadily(ids, perSecond);
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
    this.#sender.close();
    await this.#host.kill();
    this.#limit?.stop();
    await this.#azurite.stop();
    this.sink.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The whole records of a host's log. */
function linesOf(log: string): string[] {
  return log.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
}
