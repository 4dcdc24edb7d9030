/**
 * Milliseconds for which answers are judged together; the share of them above which Platform counts as overloaded, and not only as busy
 * for a moment; the factor by which that reduces the strength; and the minimum strength, since other senders may cause the overload.
 */
const cut = { milliseconds: 1_000, above: 0.2, share: 0.7, least: 0.1 };

/**
 * How the strength grows within a second: by this factor while Platform is not overloaded, and from this value to 1 after an outage.
 */
const growth = { factor: 1.5, afterOutage: 0.1 };

/**
 * The fraction of its share of the rate that an instance of the relay uses, from 0 to 1: less in each second in which Platform says or
 * shows that it is overloaded, and soon more again.
 *
 * @remarks Times are milliseconds of a monotonic clock.
 */
export class Throttle {
  #from = 1;
  /** From when on the strength grows. */
  #at = Number.NEGATIVE_INFINITY;
  #isRecovery = false;
  /** The answers of the current second, or of the last one in which any came. */
  #second = { since: Number.NEGATIVE_INFINITY, answers: 0, overloads: 0 };

  strength(now: number): number {
    const seconds = Math.max(0, now - this.#at) / 1000;
    if (!Number.isFinite(seconds)) return 1;
    return Math.min(1, this.#isRecovery ? this.#from + seconds : this.#from * growth.factor ** seconds);
  }

  /** @param isOverload whether Platform asked to slow down, or did not answer in time */
  record(now: number, isOverload: boolean): void {
    if (now - this.#second.since >= cut.milliseconds) this.#judge(now);
    this.#second.answers += 1;
    if (isOverload) this.#second.overloads += 1;
  }

  /** Platform is back after an outage, and gets a second to warm up. */
  recover(now: number): void {
    this.#from = growth.afterOutage;
    this.#at = now;
    this.#isRecovery = true;
    this.#second = { since: now, answers: 0, overloads: 0 };
  }

  #judge(now: number): void {
    const { since, answers, overloads } = this.#second;
    this.#second = { since: now, answers: 0, overloads: 0 };
    if (overloads <= answers * cut.above) return;
    const end = since + cut.milliseconds;
    this.#from = Math.max(cut.least, this.strength(end) * cut.share);
    // Not before the next second is over: otherwise it would have grown by more than the next cut takes.
    this.#at = end + cut.milliseconds;
    this.#isRecovery = false;
  }
}
