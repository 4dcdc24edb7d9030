/** Milliseconds of unused rate that may be caught up: enough for imprecise timers, but no burst. */
const slack = 100;

/**
 * Spaces requests evenly, so that they keep to a rate that may change at any time. In any period there is at most one
 * request more than the rate allows for that period plus a tenth of a second.
 */
export class RateLimit {
  /** When the next request may start. */
  #next = Number.NEGATIVE_INFINITY;

  /**
   * Takes the next free turn for one request.
   *
   * @param now milliseconds of a monotonic clock
   * @param perSecond the rate, above 0
   * @param patience the longest wait in milliseconds
   * @returns milliseconds to wait; undefined if the wait would be longer, in which case no turn is taken
   */
  take(now: number, { perSecond, patience }: { perSecond: number; patience: number }): number | undefined {
    const wait = this.wait(now);
    if (wait > patience) return undefined;
    this.#next = Math.max(this.#next, now - slack) + 1000 / perSecond;
    return wait;
  }

  /** Milliseconds until the next free turn. */
  wait(now: number): number {
    return Math.max(0, this.#next - now);
  }
}
