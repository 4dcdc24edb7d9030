/** What an overload leaves of the strength, at most once in so many milliseconds, and how much of it there is at least. */
const cut = { share: 0.7, milliseconds: 1_000, least: 0.02 };

/** How the strength grows within a second: by this factor after an overload, and from this to the whole after an outage. */
const growth = { factor: 1.5, afterOutage: 0.1 };

/**
 * The share of its rate that an instance of the relay uses, from 0 to 1: less whenever Platform says or shows that it is overloaded,
 * and soon more again.
 *
 * @remarks Times are milliseconds of a clock that never goes back.
 */
export class Throttle {
  #from = 1;
  #at = Number.NEGATIVE_INFINITY;
  #isRecovery = false;

  strength(now: number): number {
    const seconds = (now - this.#at) / 1000;
    if (!Number.isFinite(seconds)) return 1;
    return Math.min(1, this.#isRecovery ? this.#from + seconds : this.#from * growth.factor ** seconds);
  }

  /** Platform asked for less, or did not answer in time. */
  slowDown(now: number): void {
    if (now - this.#at < cut.milliseconds) return;
    this.#from = Math.max(cut.least, this.strength(now) * cut.share);
    this.#at = now;
    this.#isRecovery = false;
  }

  /** Platform is back after an outage, and gets a second to warm up. */
  recover(now: number): void {
    this.#from = growth.afterOutage;
    this.#at = now;
    this.#isRecovery = true;
  }
}
