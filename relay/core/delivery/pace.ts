import { Breaker, type Pause, type Permit, type PermittedRequest } from "./breaker.ts";
import type { Verdict } from "./delivery.ts";
import { RateLimit } from "./rate-limit.ts";
import { RetryLuck } from "./retry-schedule.ts";
import { Throttle } from "./throttle.ts";

/** How many milliseconds ahead turns are assigned: few, so that a changed rate takes effect soon. */
const ahead = 500;

/** Milliseconds after which an instance without a share of the rate checks again. */
const idleLook = 5_000;

/** Seconds for which a message that got no turn stays hidden in the queue. */
const queueSeconds = { least: 5, spread: 20 };

/** Permission for one request, once the milliseconds have passed. */
export interface Turn {
  readonly permit: Permit;
  readonly wait: number;
}

export interface PaceOptions {
  /** The limit for all instances together. */
  readonly requestsPerSecond: number;
  /** At least 0, and less than 1. */
  readonly random: () => number;
}

/** How a request ended, besides its verdict. */
export interface RequestOutcome {
  readonly now: number;
  /** Whether Platform answered; otherwise there was no connection, or no answer in time. */
  readonly isAnswer: boolean;
  /** Seconds that Platform asked to wait. */
  readonly retryAfter?: number | undefined;
  /** Whether Platform says or shows that it is overloaded. */
  readonly isOverload?: boolean;
}

/**
 * Decides when this instance of the relay may send its next request: Platform must not be down, and the instance must
 * keep to its share of the rate, which is the total divided by the number of sending instances, and less while Platform
 * is overloaded.
 *
 * @remarks Times are milliseconds of a monotonic clock, such as `performance.now()`.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #breaker: Breaker;
  readonly #throttle = new Throttle();
  readonly #limit = new RateLimit();
  readonly #luck = new RetryLuck();

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#breaker = new Breaker(options);
  }

  /** Why an event with this many failures may not be sent now, whatever the rate. */
  pause(now: number, attempts: number): Pause | undefined {
    return this.#breaker.pause(now, isFresh(attempts));
  }

  /**
   * Asks for permission to send one request.
   *
   * @param instances how many send now, including this one; `Infinity` if the rate has no share for this one
   * @param attempts how often the event has failed before
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
    // A probe is sent on behalf of all waiting events, so it does not wait for its turn.
    return "seconds" in permit ? permit : { permit, wait: 0 };
  }

  /** Whether the turn is still valid after its wait. */
  isValid({ permit }: Turn): boolean {
    return this.#breaker.isValid(permit);
  }

  /**
   * Records that the request is sent now; undefined if it has to wait until another one has ended.
   *
   * @param giveUp ends the request, since it hangs while others are answered
   */
  begin({ permit }: Turn, now: number, giveUp: () => void): PermittedRequest | undefined {
    return this.#breaker.begin(permit, now, giveUp);
  }

  /** Forgets a request that was not sent after all. */
  forget(request: PermittedRequest): void {
    this.#breaker.forget(request);
  }

  /** Records how the request ended. */
  record(request: PermittedRequest, verdict: Verdict, outcome: RequestOutcome): void {
    const { now, isOverload = false } = outcome;
    if (!request.isFresh && !this.isAway) this.#luck.record(verdict === "delivered");
    if (this.#breaker.record(request, verdict, outcome)) this.#throttle.recover(now);
    else this.#throttle.record(now, isOverload);
  }

  /**
   * Which of these waiting events is next: the first one, or any while Platform fails, since the first ones may be those that fail.
   */
  choose(waiting: number, now: number): number {
    return this.#breaker.isInTrouble(now) ? Math.floor(this.#options.random() * waiting) : 0;
  }

  /** Whether Platform accepts nothing. */
  get isAway(): boolean {
    return this.#breaker.isAway;
  }

  /** Whether a refusal is the event's own fault, because other events are delivered. */
  get othersPass(): boolean {
    return this.#breaker.othersPass;
  }

  /** How many failures of an event say nothing about it. */
  get forgivenFailures(): number {
    return this.#luck.forgivenFailures;
  }

  #noPlace(milliseconds: number): Pause {
    const seconds = queueSeconds.least + Math.floor(this.#options.random() * queueSeconds.spread);
    return { milliseconds, seconds, why: "the rate limit towards Platform is reached" };
  }
}

/**
 * The number of instances for which a rate is enough. With less than one request a second, an instance would hold the
 * 40 messages that the host gives it for minutes.
 */
export function instancesFor(requestsPerSecond: number): number {
  return Math.max(1, Math.floor(requestsPerSecond));
}

function isFresh(attempts: number): boolean {
  return !(attempts > 0);
}
