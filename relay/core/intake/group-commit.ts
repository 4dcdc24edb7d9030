import { EnvelopeWriter, type QueuedEvent } from "../event/envelope.ts";

export interface GroupCommitOptions {
  /** Writes one queue message; its promise settles when the message is durable, or when the write is given up. */
  readonly write: (message: string) => Promise<void>;
  /**
   * Calls back when a write takes so long that later ones should not wait for it. Cancelled if it ends first.
   * @returns a function that cancels the call
   */
  readonly whenSlow: (callBack: () => void) => () => void;
}

/** A caller's receipt: its event is durable. */
export interface CommitReceipt<Label> {
  /** Whether this caller's event was the group's first, which reports for all. */
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
 * Puts events into queue messages. Events share a message only if that delays none of them.
 *
 * - If no write is in progress, an event is written at once, in its own message.
 * - Events that arrive during a write gather in the next message. It is written when that write ends, when it is full,
 *   or when the current write turns out to be slow: a slow storage then gets several writes at a time, and an event
 *   waits for little more than its own write.
 *
 * No call is answered before the write of its event has ended. If a write fails, it fails for all of its callers. The
 * storage may have the message anyway, so the events may arrive twice, but none is lost.
 */
export class GroupCommit<Label = never> {
  readonly #options: GroupCommitOptions;
  #open: Group<Label> | undefined;
  #underWay = 0;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * @param labels the event's labels in the receipt
   * @returns once the event is durable
   * @throws the write's error; RangeError for an event that does not fit into a message
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
