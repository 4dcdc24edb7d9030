import { readFileSync } from "node:fs";
import { RememberedDuplicates, type RememberedDuplicatesPorts } from "../../../relay/azure/delivery/duplicates.ts";
import { type ForwarderPorts, forwarderHandler } from "../../../relay/azure/delivery/forwarder.ts";
import { PacedClient } from "../../../relay/azure/delivery/paced-client.ts";
import { noAnswerInTime, type PlatformAnswer } from "../../../relay/azure/delivery/platform-answer.ts";
import { Pace } from "../../../relay/core/delivery/pace.ts";
import { encodeEnvelopes, newEvent } from "../../../relay/core/event/envelope.ts";
import { randomFrom } from "../../conservation/random.ts";
import { invocation } from "./invocation.ts";
import { openForwarder } from "./open-ports.ts";
import { VirtualTime } from "./virtual-time.ts";

const { batchSize, newBatchThreshold } = JSON.parse(readFileSync("relay/host.json", "utf8")).extensions.queues;
/** As in relay/host.json and the host's queue extension. */
const host = { batchSize, newBatchThreshold, polling: { least: 100, most: 2_000 }, retry: 30_000, maxDequeueCount: 5 };

/** Milliseconds for one call of the storage. */
const storageLatency = 5;

interface Message {
  readonly text: string;
  visibleAt: number;
  dequeued: number;
}

export interface SimulationOptions {
  readonly seed?: number;
  readonly instances?: number;
  readonly requestsPerSecond?: number;
  /** Operations per second that the queue accepts; default: any number. An operation beyond it fails after three attempts. */
  readonly queueLimit?: number;
  /** Platform's answer to an event at its n-th try, and after how many milliseconds; default: a receipt after 5. */
  readonly answer?: (id: string, attempts: number) => { readonly answer: PlatformAnswer; readonly after: number };
}

export const receipt = { answer: { status: 200, retryAfter: null, detail: "" }, after: 5 } as const;
export const refusal = (status: number, retryAfter: string | null = null) => ({
  answer: { status, retryAfter, detail: "" },
  after: 5,
});

/** An event that happened in the second in which it is received. */
const bodyOf = (id: string, receivedAt: string) =>
  JSON.stringify({ event_id: id, timestamp: Math.floor(Date.parse(receivedAt) / 1000) });

/** The forwarder of one or more instances in a host like Azure's, with all of its real parts, in virtual time. */
export class Simulation {
  readonly time = new VirtualTime();
  readonly random: () => number;
  readonly queue: Message[] = [];
  readonly queuedAt = new Map<string, number>();
  /** When Platform accepted an event. */
  readonly deliveredAt = new Map<string, number>();
  readonly attempts = new Map<string, number>();
  readonly dead = new Map<string, string>();
  readonly lines: { readonly level: string; readonly outcome: Record<string, unknown> }[] = [];
  executions = 0;
  tableCalls = 0;
  queueCalls = 0;
  failedWrites = 0;
  poisoned = 0;
  /** How often Platform accepted an event that it had. */
  deliveredAgain = 0;
  /** Most requests to Platform at the same time, of all instances. */
  mostAtOnce = 0;
  #underWay = 0;
  readonly #options: SimulationOptions;
  #tokens: number;
  #filledAt = 0;

  constructor(options: SimulationOptions = {}) {
    this.#options = options;
    this.random = randomFrom(options.seed ?? 1);
    this.#tokens = options.queueLimit ?? 0;
    for (let at = 0; at < (options.instances ?? 1); at++) void this.#runHost();
  }

  /** Puts a message with these events on the queue, as the intake does. */
  async enqueue(...ids: string[]): Promise<void> {
    const receivedAt = this.time.clock().toISOString();
    for (const id of ids) this.queuedAt.set(id, this.time.now);
    const events = ids.map((id) => newEvent({ id, receivedAt, body: bodyOf(id, receivedAt) }));
    for (const text of encodeEnvelopes(events)) await this.#put(text, 0);
  }

  /** Adds a number of waiting messages to the queue. A message is created when a host receives it: most never are. */
  backlog(messages: number, each: number): void {
    const { now } = this.time;
    const receivedAt = this.time.clock().toISOString();
    const textOf = (at: number): string => {
      const events = Array.from({ length: each }, (_, index) => {
        const id = `${at}-${index}`;
        this.queuedAt.set(id, now);
        return newEvent({ id, receivedAt, body: bodyOf(id, receivedAt) });
      });
      const [text = "", ...more] = encodeEnvelopes(events);
      if (more.length > 0) throw new RangeError(`${each} events do not fit in a message.`);
      return text;
    };
    for (let at = 0; at < messages; at += 1) {
      this.queue.push({
        get text() {
          return textOf(at);
        },
        visibleAt: 0,
        dequeued: 0,
      });
    }
  }

  /** Seconds from an event's receipt to its delivery; infinite if it was not delivered. */
  waitOf(id: string): number {
    return ((this.deliveredAt.get(id) ?? Number.POSITIVE_INFINITY) - (this.queuedAt.get(id) ?? 0)) / 1000;
  }

  get totalAttempts(): number {
    return [...this.attempts.values()].reduce((sum, attempts) => sum + attempts, 0);
  }

  async #runHost(): Promise<void> {
    const { time } = this;
    const handle = this.#forwarder();
    let underWay = 0;
    let ended = Promise.withResolvers<void>();
    const execute = async (message: Message) => {
      underWay += 1;
      await this.#execute(message, handle);
      underWay -= 1;
      ended.resolve();
    };
    let idle = host.polling.least;
    for (;;) {
      const batch = await this.#receive();
      if (batch.length === 0) {
        await time.sleep(idle);
        idle = Math.min(host.polling.most, idle * 2);
        continue;
      }
      idle = host.polling.least;
      for (const message of batch) void execute(message);
      while (underWay > host.newBatchThreshold) {
        ended = Promise.withResolvers();
        await ended.promise;
      }
    }
  }

  async #execute(message: Message, handle: (message: unknown, dequeueCount: number) => Promise<void>): Promise<void> {
    message.dequeued += 1;
    this.executions += 1;
    try {
      await handle(JSON.parse(Buffer.from(message.text, "base64").toString()), message.dequeued);
      await this.#queueCall();
    } catch {
      if (message.dequeued >= host.maxDequeueCount) this.poisoned += 1;
      else this.#show({ ...message, visibleAt: this.time.now + host.retry });
    }
  }

  #forwarder(): (message: unknown, dequeueCount: number) => Promise<void> {
    const { time, random } = this;
    const { clock, monotonic, sleep } = time;
    const { instances = 1, requestsPerSecond = 800 } = this.#options;
    const delivered = new Set<string>();
    const table = async <T>(act: () => T): Promise<T> => {
      this.tableCalls += 1;
      await sleep(storageLatency);
      return act();
    };
    const tables: RememberedDuplicatesPorts["tables"] = {
      has: (name, { row }) => table(() => delivered.has(name + row)),
      put: (name, { row }) => table(() => void delivered.add(name + row)),
      putAll: (name, entities) =>
        table(() => {
          for (const { key } of entities) delivered.add(name + key.row);
        }),
      rowKeys: (name, { from, to }) =>
        table(() => {
          const [first, last] = [name + from, name + to];
          const inRange = (row: string) => row >= first && row <= last;
          return { rows: [...delivered].filter(inRange).map((row) => row.slice(name.length)), isAll: true };
        }),
      create: () => Promise.resolve(false),
      list: () => Promise.resolve([]),
      delete: () => Promise.resolve(),
    };
    const client = new PacedClient({
      client: { send: (body, signal) => this.#send(JSON.parse(body).event_id, signal) },
      pace: new Pace({ requestsPerSecond, random }),
      fence: openForwarder.fence,
      instances: async () => instances,
      monotonic,
      clock,
      sleep,
    });
    const storage: ForwarderPorts["storage"] = {
      enqueue: (text, { delaySeconds }) => this.#put(text, delaySeconds * 1000),
      readClaim: async () => undefined,
      deleteClaim: async () => undefined,
      putDeadLetter: async ({ document }) => Boolean(this.dead.set(String(document.eventId), document.reason)),
    };
    const duplicates = new RememberedDuplicates({ tables, clock, windowDays: 7 });
    const handler = forwarderHandler({
      ...openForwarder,
      target: { client, readyAt: undefined },
      storage,
      duplicates,
      clock,
      random,
    });
    return async (message, dequeueCount) => {
      const { context, lines } = invocation({ dequeueCount: String(dequeueCount) });
      await handler(message, context);
      this.lines.push(...lines);
    };
  }

  async #send(id: string, signal?: AbortSignal): Promise<PlatformAnswer> {
    const attempts = (this.attempts.get(id) ?? 0) + 1;
    this.attempts.set(id, attempts);
    const { answer, after } = this.#options.answer?.(id, attempts) ?? receipt;
    this.#underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
    const answered = this.time.sleep(after).then(() => {
      // Platform takes an event also if the relay no longer waits for the answer.
      if ("status" in answer && answer.status === 200) {
        if (this.deliveredAt.has(id)) this.deliveredAgain += 1;
        else this.deliveredAt.set(id, this.time.now);
      }
      return answer;
    });
    const { promise: ended, resolve } = Promise.withResolvers<PlatformAnswer>();
    signal?.addEventListener("abort", () => resolve({ failure: noAnswerInTime }), { once: true });
    try {
      return await Promise.race([answered, ended]);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #receive(): Promise<Message[]> {
    await this.#queueCall();
    const taken: Message[] = [];
    while (taken.length < host.batchSize && (this.queue[0]?.visibleAt ?? Number.POSITIVE_INFINITY) <= this.time.now) {
      taken.push(this.queue.shift() as Message);
    }
    return taken;
  }

  async #put(text: string, delay: number): Promise<void> {
    try {
      await this.#queueCall(3);
    } catch (error) {
      this.failedWrites += 1;
      throw error;
    }
    this.#show({ text, visibleAt: this.time.now + delay, dequeued: 0 });
  }

  /** Queues hand out what becomes visible first. */
  #show(message: Message): void {
    let at = this.queue.length;
    while (at > 0 && (this.queue[at - 1]?.visibleAt ?? 0) > message.visibleAt) at -= 1;
    this.queue.splice(at, 0, message);
  }

  async #queueCall(maxAttempts = Number.POSITIVE_INFINITY): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.time.sleep(storageLatency);
      this.queueCalls += 1;
      if (this.#takeToken()) return;
      if (attempt >= maxAttempts) throw new Error("ServerBusy");
      await this.time.sleep(300);
    }
  }

  #takeToken(): boolean {
    const { queueLimit } = this.#options;
    if (queueLimit === undefined) return true;
    this.#tokens = Math.min(queueLimit, this.#tokens + ((this.time.now - this.#filledAt) / 1000) * queueLimit);
    this.#filledAt = this.time.now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
