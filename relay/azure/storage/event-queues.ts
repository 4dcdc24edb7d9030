import type { EventQueue } from "../../core/names.ts";
import { waitUnlessAborted } from "../budget.ts";
import { type PutOptions, Queue, type QueueProperties } from "./queue.ts";
import type { StorageAccess } from "./storage-access.ts";
import { StorageError } from "./storage-error.ts";

/** What a queue would hand out next. */
export interface QueueHead {
  readonly queue: string;
  /** Undefined if no message is visible. `dequeueCount`: how often the queue has handed it out. */
  readonly message: { readonly id: string; readonly dequeueCount: number } | undefined;
}

/** Whether a queue certainly does not have a message: without a role, if it does not exist, or at its rate limit. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof StorageError)) return false;
  return error.status === 403 || error.status === 404 || error.code === "ServerBusy";
}

export interface EnqueueOptions extends PutOptions {
  /** Name of the queue that gets the message; default: each queue of events in turn. */
  readonly queue?: string;
}

/**
 * The relay's queues of events, and their poison queues. Messages go to the queues of events in turn, not by the id of an event: events
 * that arrive at once share a message, and a division by ids would give each queue a message of its own for them.
 *
 * Every method throws what `Queue` throws.
 */
export class EventQueues {
  /** The first one has the marks. */
  readonly #events: readonly [Queue, ...Queue[]];
  /** The poison queues too. */
  readonly #all: readonly Queue[];
  /** Instances begin with different queues. */
  #turn = Math.floor(Math.random() * 1_000);

  constructor(access: () => Promise<StorageAccess>, queues: readonly [EventQueue, ...EventQueue[]]) {
    const [first, ...others] = queues;
    const open = ({ events }: EventQueue) => new Queue(access, events);
    this.#events = [open(first), ...others.map(open)];
    this.#all = [...this.#events, ...queues.map(({ poison }) => new Queue(access, poison))];
  }

  /**
   * Puts a message into a queue: see `Queue.put`. If it may be any queue and one refuses it, the next one gets it: each has a rate limit of its
   * own, and a queue that was just added refuses every call until the relay's role on it has propagated. Without an answer, a queue may have the
   * message, and a copy in another one would be sent twice; so that queue gets it again.
   */
  async put(message: string, { queue: name, ...options }: EnqueueOptions): Promise<void> {
    const queues = name === undefined ? this.#inTurn() : [this.#find(name)];
    for (const queue of queues.slice(0, -1)) {
      try {
        return await queue.put(message, { ...options, maxAttempts: 1 });
      } catch (error) {
        if (!isRefusal(error)) return queue.put(message, options);
      }
    }
    return queues.at(-1)?.put(message, options);
  }

  #find(name: string): Queue {
    const queue = this.#all.find((queue) => queue.name === name);
    if (queue === undefined) throw new Error(`The relay has no queue ${name}.`);
    return queue;
  }

  /** The queues of events, each time from the next one on. */
  #inTurn(): Queue[] {
    this.#turn = (this.#turn + 1) % this.#events.length;
    return [...this.#events.slice(this.#turn), ...this.#events.slice(0, this.#turn)];
  }

  /** Looks at the heads of all queues, and takes no message. Queues that do not answer are left out. */
  async peekHeads(signal: AbortSignal): Promise<readonly QueueHead[]> {
    const peek = async (queue: Queue) => ({
      queue: queue.name,
      message: await waitUnlessAborted(signal, queue.head(signal)),
    });
    const heads = await Promise.allSettled(this.#all.map(peek));
    return heads.flatMap((head) => (head.status === "fulfilled" ? [head.value] : []));
  }

  /** The properties of the queue whose metadata holds the marks. */
  readMarked(signal: AbortSignal): Promise<QueueProperties> {
    return this.#events[0].properties(signal);
  }

  /** Approximate number of messages in all queues of events, each of which must exist. */
  async countWaiting(signal: AbortSignal): Promise<number> {
    const all = await Promise.all(this.#events.map((queue) => queue.properties(signal)));
    return all.reduce((sum, { waiting }) => sum + waiting, 0);
  }
}
