import { Breaker, type Pause, type Permit } from "./breaker.ts";
import type { Verdict } from "./delivery.ts";
import { RateLimit } from "./rate-limit.ts";
import { Throttle } from "./throttle.ts";

/** Milliseconds for which places are given ahead: few, so that a rate that changes is kept soon. */
const ahead = 500;

/** Milliseconds after which an instance looks again that the rate has no place for. */
const idleLook = 5_000;

/** The seconds in the queue of a message that waited for its turn in vain. */
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

/** How a request ended, beside its verdict. */
export interface RequestOutcome {
  readonly now: number;
  /** Seconds that Platform asked for. */
  readonly retryAfter?: number | undefined;
  /** Whether Platform says or shows that it has too much to do. */
  readonly isOverload?: boolean;
}

/**
 * Says when this instance of the relay may send its next request: Platform must not be away, and the instance must keep to its share
 * of the rate, which is the whole divided by the instances that send, and less while Platform is overloaded.
 *
 * @remarks Times are milliseconds of a clock that never goes back, such as `performance.now()`.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #breaker: Breaker;
  readonly #throttle = new Throttle();
  readonly #limit = new RateLimit();

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#breaker = new Breaker(options.random);
  }

  /** Why an event that failed so often may not be sent now, whatever the rate. */
  pause(now: number, attempts: number): Pause | undefined {
    return this.#breaker.pause(now, isFresh(attempts));
  }

  /**
   * Asks leave for one request.
   *
   * @param instances how many send now, this one included; `Infinity` if the rate has no place for this one
   * @param attempts how often the event failed before
   */
  turn(now: number, instances: number, attempts: number): Turn | Pause {
    const pause = this.pause(now, attempts);
    if (pause) return pause;
    if (!this.#breaker.isAway) {
      const perSecond = (this.#options.requestsPerSecond / instances) * this.#throttle.strength(now);
      if (perSecond === 0) return this.#noPlace(idleLook);
      const wait = this.#limit.take(now, { perSecond, patience: ahead });
      if (wait === undefined) return this.#noPlace(this.#limit.wait(now) - ahead / 2);
      return { permit: { isFresh: isFresh(attempts), isProbe: false }, wait };
    }
    const permit = this.#breaker.enter(now, isFresh(attempts));
    // A probe stands for all that wait, and waits for nobody.
    return "seconds" in permit ? permit : { permit, wait: 0 };
  }

  /** Whether the turn still counts after its wait. */
  isValid({ permit }: Turn): boolean {
    return this.#breaker.isValid(permit);
  }

  /** Takes note that the request is sent now; false if it has to wait until one of those under way has ended. */
  begin({ permit }: Turn, now: number): boolean {
    return this.#breaker.begin(permit, now);
  }

  /** Takes note of how the request ended. */
  record({ permit }: Turn, verdict: Verdict, outcome: RequestOutcome): void {
    const { now, isOverload } = outcome;
    if (this.#breaker.record(permit, verdict, outcome)) this.#throttle.recover(now);
    else if (isOverload) this.#throttle.slowDown(now);
  }

  /** Whether Platform takes nothing. */
  get isAway(): boolean {
    return this.#breaker.isAway;
  }

  /** Whether a refusal is its event's own fault, since other events are delivered. */
  get othersPass(): boolean {
    return this.#breaker.othersPass;
  }

  #noPlace(milliseconds: number): Pause {
    const seconds = queueSeconds.least + Math.floor(this.#options.random() * queueSeconds.spread);
    return { reason: "retry", milliseconds, seconds, why: "the rate limit towards Platform is reached" };
  }
}

/**
 * How many instances a rate can feed. With less than one request a second an instance would hold the two dozen messages that the
 * host hands it for minutes.
 */
export function instancesFor(requestsPerSecond: number): number {
  return Math.max(1, Math.floor(requestsPerSecond));
}

function isFresh(attempts: number): boolean {
  return !(attempts > 0);
}
