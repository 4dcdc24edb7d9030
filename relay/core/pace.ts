import { Breaker, type Pause, type Permit } from "./breaker.ts";
import type { Verdict } from "./delivery.ts";
import { RateLimit } from "./rate-limit.ts";

/** Milliseconds that an event may wait for its turn before it goes back to the queue, where waiting costs nothing. */
const patience = 5_000;

/** The share of its rate with which an instance starts after an outage. */
const leastStrength = 0.02;

/** The seconds in the queue of an event whose turn is too far off. */
const queueSeconds = { least: 5, spread: 20 };

/** Leave for one request, once the milliseconds are over. */
export interface Turn {
  readonly permit: Permit;
  readonly wait: number;
}

export interface PaceOptions {
  /** What all instances together may send. */
  readonly requestsPerSecond: number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/**
 * Says when this instance of the relay may send its next request: its breaker must let it through, and it must keep to its share of the
 * rate, which is the whole divided by the instances that send.
 *
 * @remarks Times are milliseconds of a clock that never goes back, such as `performance.now()`.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #breaker: Breaker;
  readonly #limit = new RateLimit();

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#breaker = new Breaker(options.random);
  }

  /** Why nothing may be sent at all now. */
  pause(now: number): Pause | undefined {
    return this.#breaker.pause(now);
  }

  /**
   * Asks leave for one request.
   *
   * @param instances how many send now, this one included
   */
  turn(now: number, instances: number): Turn | Pause {
    const permit = this.#breaker.enter(now);
    if ("seconds" in permit) return permit;
    // A probe stands for all that wait, and waits for nobody.
    if (permit.probe) return { permit, wait: 0 };
    const strength = Math.max(leastStrength, this.#breaker.strength(now));
    const perSecond = (this.#options.requestsPerSecond / instances) * strength;
    const wait = this.#limit.take(now, { perSecond, patience });
    if (wait !== undefined) return { permit, wait };
    const seconds = queueSeconds.least + Math.floor(this.#options.random() * queueSeconds.spread);
    return { reason: "retry", seconds, why: "the rate limit towards Platform is reached" };
  }

  /** Whether the turn still counts after its wait. */
  isValid({ permit }: Turn): boolean {
    return this.#breaker.isValid(permit);
  }

  /** Takes note of how the request ended; `retryAfter` is in seconds. */
  record({ permit }: Turn, verdict: Verdict, outcome: { now: number; retryAfter?: number | undefined }): void {
    this.#breaker.record(permit, verdict, outcome);
  }
}
