/** Milliseconds of unused rate that may be made up for: enough to even out the timers, and no burst. */
const slack = 100;

/**
 * Spaces requests evenly, so that they keep to a rate that may change at any time: in any span of time there are at most as many as
 * the rate allows for it and a tenth of a second, and one.
 */
export class RateLimit {
  /** When the next request may start. */
  #next = Number.NEGATIVE_INFINITY;

  /**
   * Takes the next free place for one request.
   *
   * @param now milliseconds of a clock that never goes back
   * @param perSecond the rate, above 0
   * @param patience the longest wait in milliseconds
   * @returns milliseconds to wait; undefined if it would be longer than that, upon which no place is taken
   */
  take(now: number, { perSecond, patience }: { perSecond: number; patience: number }): number | undefined {
    const wait = this.wait(now);
    if (wait > patience) return undefined;
    this.#next = Math.max(this.#next, now - slack) + 1000 / perSecond;
    return wait;
  }

  /** Milliseconds until the next free place. */
  wait(now: number): number {
    return Math.max(0, this.#next - now);
  }
}
