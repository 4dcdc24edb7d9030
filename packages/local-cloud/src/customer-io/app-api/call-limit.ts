import type { AdjustableClock } from "../clock.ts";

/** Allows a number of requests in any second. */
export class CallLimit {
  readonly #perSecond: number;
  readonly #clock: AdjustableClock;
  /** When the last requests were allowed, in milliseconds since 1970; the oldest first. */
  #allowed: readonly number[] = [];

  constructor(perSecond: number, clock: AdjustableClock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Counts a request, if it is allowed. */
  allow(): boolean {
    const now = this.#clock.now();
    this.#allowed = this.#allowed.filter((time) => now - time < 1000);
    if (this.#allowed.length >= this.#perSecond) return false;
    this.#allowed = [...this.#allowed, now];
    return true;
  }
}
