import { setTimeout as sleep } from "node:timers/promises";
import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import type { HostLog } from "../host-log.ts";
import type { QueueSettings } from "../host-settings.ts";
import { decodeMessage } from "./message-encoding.ts";
import { PollingDelay } from "./polling-delay.ts";
import { addMessage } from "./queue-output.ts";

export interface QueueListenerOptions {
  readonly queue: QueueClient;
  /** Undefined for a poison queue, which has none of its own. */
  readonly poisonQueue: QueueClient | undefined;
  readonly functionName: string;
  readonly settings: QueueSettings;
  readonly log: HostLog;
  /** Runs the function with the decoded text; a rejection is a failed attempt. */
  readonly run: (text: string, message: DequeuedMessageItem) => Promise<void>;
  /** Called after a message was moved, so that a listener on the poison queue polls at once. */
  readonly poisoned: (queueName: string) => void;
  /** Seconds of the lease on a message under way; renewed halfway. */
  readonly lease: number;
}

/** A time in which a listener takes no messages. */
interface Hold {
  /** Resolves once the listener no longer asks for messages. */
  readonly reached: PromiseWithResolvers<void>;
  readonly over: PromiseWithResolvers<void>;
}

/** Feeds one queue-triggered function, with the rules of Azure's storage queue extension. */
export class QueueListener {
  readonly #options: QueueListenerOptions;
  readonly #delay: PollingDelay;
  readonly #processing = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #queueExists = false;
  #hold: Hold | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: QueueListenerOptions) {
    this.#options = options;
    this.#delay = new PollingDelay(options.settings.maxPollingInterval);
  }

  start(): void {
    this.#loop = this.#poll();
  }

  /** Ends an idle wait after a message was added to the queue. */
  notify(): void {
    this.#wake.abort();
  }

  /**
   * Takes no more messages until `release`. Resolves once no message is being processed or on its way here. Only for a
   * running listener.
   */
  async hold(): Promise<void> {
    this.#hold ??= { reached: Promise.withResolvers(), over: Promise.withResolvers() };
    this.notify();
    await this.#hold.reached.promise;
    await Promise.all(this.#processing);
  }

  release(): void {
    this.#hold?.over.resolve();
    this.#hold = undefined;
  }

  /** Takes no more messages, and resolves once the current ones are done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.release();
    this.#wake.abort();
    await this.#loop;
    await Promise.all(this.#processing);
  }

  async #poll(): Promise<void> {
    let foundSinceDelay = false;
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      this.#hold?.reached.resolve();
      await this.#hold?.over.promise;
      const messages = await this.#receive();
      if (messages.length === 0) {
        await this.#idle(this.#delay.next(foundSinceDelay));
        foundSinceDelay = false;
        continue;
      }
      foundSinceDelay = true;
      for (const message of messages) this.#begin(message);
      while (this.#processing.size > this.#options.settings.newBatchThreshold) await Promise.race(this.#processing);
    }
  }

  async #idle(milliseconds: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    await sleep(milliseconds, undefined, { signal: this.#wake.signal }).catch(() => undefined);
  }

  async #receive(): Promise<DequeuedMessageItem[]> {
    const { queue, settings, log, functionName } = this.#options;
    try {
      // The host checks that the queue exists before it reads, which needs another permission (`queues/read`).
      this.#queueExists ||= await queue.exists();
      if (!this.#queueExists) return [];
      const request = { numberOfMessages: settings.batchSize, visibilityTimeout: this.#options.lease };
      return (await queue.receiveMessages(request)).receivedMessageItems;
    } catch (error) {
      this.#queueExists = false;
      const text = `Reading queue '${queue.name}' failed: ${textOf(error)}`;
      log.write("error", "Host.Triggers.Queues", text, { function: functionName });
      return [];
    }
  }

  #begin(message: DequeuedMessageItem): void {
    const work = this.#process(message).catch((error) => {
      const text = `Message '${message.messageId}' could not be completed: ${textOf(error)}`;
      this.#options.log.write("error", "Host.Triggers.Queues", text, { function: this.#options.functionName });
    });
    this.#processing.add(work);
    void work.finally(() => this.#processing.delete(work));
  }

  async #process(message: DequeuedMessageItem): Promise<void> {
    const { settings, run } = this.#options;
    const used = `Message has reached MaxDequeueCount of ${settings.maxDequeueCount}.`;
    if (message.dequeueCount > settings.maxDequeueCount) return this.#poison(message, message.popReceipt, used);
    const text = decodeMessage(message.messageText, settings.messageEncoding);
    if (text === undefined) return this.#poison(message, message.popReceipt, "Message decoding has failed.");
    const lease = this.#keepLease(message);
    const succeeded = await run(text, message).then(
      () => true,
      () => false,
    );
    // A renewal under way changes the receipt. A delete with the older one would fail, and the message would run twice.
    const popReceipt = await lease.end();
    if (succeeded) return this.#delete(message, popReceipt);
    // Left until its lease ends, so that it does not fail over and over.
    if (this.#options.poisonQueue === undefined) return;
    if (message.dequeueCount >= settings.maxDequeueCount) return this.#poison(message, popReceipt, used);
    return this.#release(message, popReceipt);
  }

  #keepLease(message: DequeuedMessageItem): { end(): Promise<string> } {
    let popReceipt = message.popReceipt;
    let renewal: Promise<void> = Promise.resolve();
    const renew = async () => {
      try {
        const { queue } = this.#options;
        const answer = await queue.updateMessage(message.messageId, popReceipt, undefined, this.#options.lease);
        popReceipt = answer.popReceipt ?? popReceipt;
      } catch (error) {
        const text = `The lease of message '${message.messageId}' could not be renewed: ${textOf(error)}`;
        this.#options.log.write("warning", "Host.Triggers.Queues", text, { function: this.#options.functionName });
      }
    };
    const timer = setInterval(() => {
      renewal = renewal.then(renew);
    }, this.#options.lease * 500);
    return {
      end: async () => {
        clearInterval(timer);
        await renewal;
        return popReceipt;
      },
    };
  }

  /** Without a poison queue the message stays, and no function gets it again. */
  async #poison(message: DequeuedMessageItem, popReceipt: string, why: string): Promise<void> {
    const { poisonQueue, log, functionName, poisoned } = this.#options;
    if (poisonQueue === undefined) return;
    const text = `${why} Moving message to queue '${poisonQueue.name}'.`;
    log.write("warning", "Host.Triggers.Queues", text, { function: functionName });
    await addMessage(poisonQueue, message.messageText);
    await this.#delete(message, popReceipt);
    poisoned(poisonQueue.name);
  }

  async #delete(message: DequeuedMessageItem, popReceipt: string): Promise<void> {
    await tolerate(["PopReceiptMismatch", "MessageNotFound", "QueueNotFound"], () =>
      this.#options.queue.deleteMessage(message.messageId, popReceipt),
    );
  }

  async #release(message: DequeuedMessageItem, popReceipt: string): Promise<void> {
    const seconds = Math.ceil(this.#options.settings.visibilityTimeout / 1000);
    await tolerate(["PopReceiptMismatch", "MessageNotFound", "QueueNotFound"], () =>
      this.#options.queue.updateMessage(message.messageId, popReceipt, undefined, seconds),
    );
  }
}

/** The function may have deleted or updated its message, or another host may have it by now. */
async function tolerate(codes: string[], act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!codes.includes(codeOf(error) ?? "")) throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
