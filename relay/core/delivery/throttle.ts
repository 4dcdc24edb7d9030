/**
 * The factor by which an overload reduces the strength, the minimum milliseconds between two reductions, and the
 * minimum strength.
 */
const cut = { share: 0.7, milliseconds: 1_000, least: 0.02 };

/**
 * How the strength grows within a second: by this factor after an overload, and from this value to 1 after an outage.
 */
const growth = { factor: 1.5, afterOutage: 0.1 };

/**
 * The fraction of its share of the rate that an instance of the relay uses, from 0 to 1: less whenever Platform says or
 * shows that it is overloaded, and soon more again.
 *
 * @remarks Times are milliseconds of a monotonic clock.
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

  /** Platform asked to slow down, or did not answer in time. */
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
