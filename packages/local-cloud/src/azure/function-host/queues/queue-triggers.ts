import type { DequeuedMessageItem, QueueServiceClient } from "@azure/storage-queue";
import type { Binding, RegisteredFunction, TypedData } from "../functions-core.ts";
import type { HostLog } from "../host-log.ts";
import type { QueueSettings } from "../host-settings.ts";
import { triggerOf } from "../http-triggers.ts";
import type { InvocationInput } from "../invoker.ts";
import type { HostEnvironment, StorageConnections } from "../storage-connections.ts";
import { QueueListener } from "./queue-listener.ts";

/** Seconds for which the host holds a message, as its queue extension does. */
const hostLease = 600;

const poisonSuffix = "-poison";

export interface QueueTriggerOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly settings: QueueSettings;
  readonly environment: HostEnvironment;
  readonly connections: StorageConnections;
  readonly log: HostLog;
  readonly run: (target: RegisteredFunction, input: InvocationInput) => Promise<void>;
}

/** The listeners of an app's queue-triggered functions. */
export class QueueTriggers {
  readonly #listeners = new Map<string, { queueName: string; listener: QueueListener }>();
  readonly #started = new Set<string>();

  /** Throws `MissingConnection` if a function's storage isn't described by any app setting. */
  constructor(options: QueueTriggerOptions) {
    for (const target of options.functions) {
      const trigger = triggerOf(target);
      if (trigger?.binding.type.toLowerCase() !== "queuetrigger") continue;
      const queueName = queueNameOf(trigger.binding, options.environment);
      const service = options.connections.queues(connectionOf(trigger.binding));
      const listener = this.#listen(target, trigger.name, queueName, service, options);
      this.#listeners.set(target.metadata.name, { queueName, listener });
    }
  }

  /** Starts the listeners of these functions, unless they are running. */
  start(functionNames: readonly string[]): void {
    for (const name of functionNames) {
      const found = this.#listeners.get(name);
      if (found === undefined || this.#started.has(name)) continue;
      this.#started.add(name);
      found.listener.start();
    }
  }

  /** Called after this host added something to a queue. */
  notify(queueName: string): void {
    for (const { queueName: listened, listener } of this.#listeners.values()) {
      if (listened === queueName) listener.notify();
    }
  }

  /** Takes no more messages until `release`. Resolves once no message is being processed. */
  async hold(): Promise<void> {
    const running = [...this.#listeners].filter(([name]) => this.#started.has(name));
    await Promise.all(running.map(([, { listener }]) => listener.hold()));
  }

  release(): void {
    for (const { listener } of this.#listeners.values()) listener.release();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#listeners.values()].map(({ listener }) => listener.stop()));
  }

  #listen(
    target: RegisteredFunction,
    bindingName: string,
    queueName: string,
    service: QueueServiceClient,
    options: QueueTriggerOptions,
  ): QueueListener {
    return new QueueListener({
      queue: service.getQueueClient(queueName),
      poisonQueue: queueName.endsWith(poisonSuffix) ? undefined : service.getQueueClient(`${queueName}${poisonSuffix}`),
      functionName: target.metadata.name,
      settings: options.settings,
      lease: Number(options.environment.LOCAL_MESSAGE_LEASE ?? hostLease),
      log: options.log,
      poisoned: (name) => this.notify(name),
      run: (text, message) =>
        options.run(target, {
          inputData: [{ name: bindingName, data: { string: text } }],
          triggerMetadata: metadataOf(text, message),
          reason: `New queue message detected on '${queueName}'.`,
        }),
    });
  }
}

/** A binding's queue, with `%SETTING%` replaced by the app setting's value. */
export function queueNameOf(binding: Binding, environment: HostEnvironment): string {
  return String(binding.queueName ?? "").replace(/%([^%]+)%/g, (_match, setting: string) => {
    const value = environment[setting];
    if (value === undefined) {
      throw new Error(`'%${setting}%' does not resolve to a value: there is no such App Setting.`);
    }
    return value;
  });
}

export function connectionOf(binding: Binding): string {
  return typeof binding.connection === "string" && binding.connection !== "" ? binding.connection : "Storage";
}

function metadataOf(text: string, message: DequeuedMessageItem): Record<string, TypedData> {
  const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });
  return {
    QueueTrigger: { string: text },
    Id: { string: message.messageId },
    PopReceipt: { string: message.popReceipt },
    DequeueCount: json(message.dequeueCount),
    InsertionTime: json(message.insertedOn),
    ExpirationTime: json(message.expiresOn),
    NextVisibleTime: json(message.nextVisibleOn),
  };
}
