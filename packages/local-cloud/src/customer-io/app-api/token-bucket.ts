import type { AdjustableClock } from "../clock.ts";

/** Allows `perSecond` requests a second, and at most that many at once. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #clock: AdjustableClock;
  #tokens: number;
  #filledAt: number;

  constructor(perSecond: number, clock: AdjustableClock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = perSecond;
    this.#filledAt = clock.now();
  }

  /** Takes a token, if there is one. */
  take(): boolean {
    const now = this.#clock.now();
    const filled = this.#tokens + ((now - this.#filledAt) * this.#perSecond) / 1000;
    this.#tokens = Math.min(this.#perSecond, filled);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
