import { EnvelopeWriter, type QueuedEvent } from "../event/envelope.ts";

export interface GroupCommitOptions {
  /** Writes one queue message; its promise ends when the message is durable, or is sure not to be waited for any longer. */
  readonly write: (message: string) => Promise<void>;
  /**
   * Calls back once a write has taken so long that those behind it should not wait for its end. Cancelled if it ends first.
   * @returns what cancels the call
   */
  readonly whenSlow: (callBack: () => void) => () => void;
}

/** Tells a caller that its event is durable. */
export interface CommitReceipt<Label> {
  /** Whether this caller's event was the group's first: one of the group, to report for all. */
  readonly first: boolean;
  /** The ids of all events of the message. */
  readonly ids: readonly string[];
  /** The labels of all events of the message. */
  readonly labels: readonly Label[];
}

interface Group<Label> {
  readonly writer: EnvelopeWriter;
  readonly ids: string[];
  readonly labels: Label[];
  readonly written: PromiseWithResolvers<void>;
}

/**
 * Puts events into queue messages, sharing messages only when that costs nobody any time.
 *
 * - While no write is under way, an event is written at once, in a message of its own.
 * - Events that arrive while a write is under way gather in the next message. It is written when that write ends, or when it
 *   is full, or when the write under way turns out slow: a slow storage then gets several writes at a time, and an event waits
 *   for little more than its own write.
 *
 * Nobody is answered before the write that holds their event has ended. If it fails, it fails for each of its callers; whether
 * the storage has the message nonetheless is unknown, so the events may come twice, but none is lost.
 */
export class GroupCommit<Label = never> {
  readonly #options: GroupCommitOptions;
  #open: Group<Label> | undefined;
  #underWay = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * @param labels what the receipt is to say of the event
   * @returns once the event is durable
   * @throws what the write threw; RangeError for an event that doesn't fit a message
   */
  async commit(event: QueuedEvent, labels: readonly Label[] = []): Promise<CommitReceipt<Label>> {
    const group = this.#groupFor(event);
    const first = group.ids.length === 0;
    group.ids.push(event.id);
    group.labels.push(...labels);
    if (this.#underWay === 0) this.#writeOpen();
    await group.written.promise;
    return { first, ids: group.ids, labels: group.labels };
  }

  #groupFor(event: QueuedEvent): Group<Label> {
    if (this.#open?.writer.add(event)) return this.#open;
    const writer = new EnvelopeWriter();
    if (!writer.add(event)) throw new RangeError(`Event ${event.id} is too large for a queue message.`);
    this.#writeOpen();
    this.#open = { writer, ids: [], labels: [], written: Promise.withResolvers() };
    return this.#open;
  }

  #writeOpen(): void {
    if (!this.#open) return;
    const { writer, written } = this.#open;
    this.#open = undefined;
    this.#underWay += 1;
    let passed = false;
    const pass = () => {
      if (passed) return;
      passed = true;
      this.#underWay -= 1;
      this.#writeOpen();
    };
    const cancel = this.#options.whenSlow(pass);
    this.#options
      .write(writer.encode())
      .then(written.resolve, written.reject)
      .finally(() => {
        cancel();
        pass();
      });
  }
}
