/** The fate of an event that an inlet answered with 200 (or 207). */
type Fate = "pending" | "delivered" | "failed" | "dropped";

/** One event that an inlet accepted. */
export interface Receipt {
  /** The body's `event_id`, or `_id` for XDM; null if it has neither. */
  readonly eventId: string | null;
  readonly xactionId: string;
  readonly inletId: string;
  readonly flowId: string | null;
  /** ISO 8601. */
  readonly time: string;
  fate: Fate;
  /** Why it failed or was dropped. */
  reason: string | null;
  /** Transformation errors that nulled a column of a delivered event. */
  warnings: readonly string[];
}

/** The inlets' accepted events, their refusals by status, and the pending work. */
export class Journal {
  readonly receipts: Receipt[] = [];
  readonly refusals: Record<string, number> = {};
  #pending = 0;
  #waiting: (() => void)[] = [];

  get pending(): number {
    return this.#pending;
  }

  noteRefusal(status: number): void {
    this.refusals[status] = (this.refusals[status] ?? 0) + 1;
  }

  /** Records a receipt and does its work a moment later, after the inlet has answered, as Platform does. */
  later(receipt: Receipt, work: () => void): void {
    this.receipts.push(receipt);
    this.#pending += 1;
    setImmediate(() => {
      try {
        work();
      } finally {
        this.#pending -= 1;
        if (this.#pending === 0) for (const resolve of this.#waiting.splice(0)) resolve();
      }
    });
  }

  /** Resolves once no event waits for its mapping. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
