/** What became of an event that an inlet answered with 200 (or 207). */
type Fate = "pending" | "delivered" | "failed" | "dropped";

/** One event that an inlet took. */
export interface Receipt {
  /** The body's `event_id`, or `_id` for XDM; null when it has neither. */
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

/** What the inlets took and what they refused, by status; and the work that is left to do. */
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

  /** Notes a receipt and does its work a moment later: the inlet has answered by then, as Platform's does. */
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
