import type { Outcome } from "../core/delivery/outcomes.ts";
import { countOutcome } from "./log.ts";
import type { RelayStorageClient } from "./storage/storage.ts";

/** Milliseconds. */
const times = {
  /** Between two checks. */
  between: 60_000,
  /** Timeout of one check. */
  call: 2_000,
  /** If a visible message is at the head of its queue for this long, no function takes it. */
  untaken: 10 * 60_000,
};

export interface QueueWatchPorts {
  readonly storage: Pick<RelayStorageClient, "peekHeads">;
  /** Milliseconds of a monotonic clock; Node's by default. */
  readonly monotonic?: () => number;
  /** Writes a line that belongs to no invocation; by default to Node's console, whose lines the host puts into the same log. */
  readonly write?: (text: string) => void;
}

/**
 * Checks from the HTTP functions whether the queue functions run at all: a trigger that Azure does not know, or that
 * never starts, writes no line of its own. Taking a message changes the head of the queue (the message is hidden, and
 * later returns with a higher count). So if a message stays there unchanged for ten minutes, no function takes it,
 * however long the queue is.
 */
export class QueueWatch {
  readonly #storage: QueueWatchPorts["storage"];
  readonly #monotonic: () => number;
  readonly #write: (text: string) => void;
  /** By queue: its head, and when it was first seen. */
  readonly #seen = new Map<string, { readonly head: string; readonly since: number }>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lastLook: Promise<void> = Promise.resolve();
  #untaken: readonly string[] = [];

  constructor({ storage, monotonic = () => performance.now(), write = (text) => console.log(text) }: QueueWatchPorts) {
    this.#storage = storage;
    this.#monotonic = monotonic;
    this.#write = write;
  }

  /**
   * Checks at most once a minute, and writes a line for each queue that no function reads. A call during a check waits for it. Never
   * throws.
   */
  check(): Promise<void> {
    const now = this.#monotonic();
    if (now - this.#lookedAt >= times.between) {
      this.#lookedAt = now;
      this.#lastLook = this.#look(now);
    }
    return this.#lastLook;
  }

  /** Queues of which no function has taken a message for ten minutes, as the last finished check found. */
  get untaken(): readonly string[] {
    return this.#untaken;
  }

  async #look(now: number): Promise<void> {
    // Queues that do not answer are missing. Other checks report whether the storage can be reached.
    const heads = await this.#storage.peekHeads(AbortSignal.timeout(times.call));
    const untaken = heads.filter(({ queue, message }) => {
      if (message !== undefined) return this.#isUntaken(queue, `${message.id} ${message.dequeueCount}`, now);
      this.#seen.delete(queue);
      return false;
    });
    this.#untaken = untaken.map(({ queue }) => queue);
  }

  #isUntaken(queue: string, head: string, now: number): boolean {
    const seen = this.#seen.get(queue);
    if (seen?.head !== head) {
      this.#seen.set(queue, { head, since: now });
      return false;
    }
    if (now - seen.since < times.untaken) return false;
    const line: Outcome = { outcome: "untaken", queue, untakenSeconds: Math.round((now - seen.since) / 1000) };
    this.#write(JSON.stringify(line));
    countOutcome(line);
    return true;
  }
}
