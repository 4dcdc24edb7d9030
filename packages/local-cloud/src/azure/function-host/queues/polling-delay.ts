const minimum = 100;

/**
 * How long an idle queue listener waits before its next poll: 100 ms, then about twice as long each time up to
 * `maxPollingInterval` (the storage extension's randomized exponential back-off, ±20 %). All in milliseconds.
 */
export class PollingDelay {
  readonly #maximum: number;
  #exponent = 0;
  #current = 0;

  constructor(maximum: number) {
    this.#maximum = Math.max(maximum, minimum);
  }

  next(foundMessage: boolean): number {
    if (foundMessage) {
      this.#exponent = 1;
      this.#current = minimum;
      return this.#current;
    }
    if (this.#current === this.#maximum) return this.#current;
    const growth = this.#exponent === 0 ? 0 : (0.8 + Math.random() * 0.4) * 2 ** (this.#exponent - 1) * minimum;
    this.#exponent += 1;
    this.#current = Math.min(minimum + growth, this.#maximum);
    return this.#current;
  }
}
