import type { Verdict } from "./delivery.ts";
import { fates, type WaitReason } from "./fates.ts";

/** Failures in a row, without a delivery in between, after which Platform is considered down. */
const tolerance = 20;

/** The weight of a failure of an event that has failed before: it may be the event's own fault. */
const repeatedFailure = 0.25;

/** After this many failures in a row, a refusal may not be the event's own fault. */
const doubtful = 3;

/**
 * The time between two probes, as a share of the outage's duration, so that the end of the outage is noticed soon; the
 * minimum is in `fates`.
 */
const probes = { share: 0.05, most: 15 * 60 * 1000 };

/**
 * The kind of outage if Platform answers every event like this. If it refuses everything for good, an operator has to
 * fix something.
 */
const outages: Readonly<Record<Exclude<Verdict, "delivered">, WaitReason>> = {
  retry: "retry",
  hold: "hold",
  dead: "hold",
};

/**
 * The share of the outage's duration over which messages that go back to the queue are spread: a probe needs one of
 * them, and the others only cost money. The limit in milliseconds is that of the time between two probes.
 */
const spread = 0.25;

/**
 * Milliseconds for which Platform must have worked after an outage; a failure before that continues the same outage.
 */
const convalescence = 30_000;

/**
 * Maximum milliseconds for which `Retry-After` delays the probes with events that have not failed: the answer was to another event, which
 * may be the only one with trouble, and one request in half a minute burdens nobody.
 */
const longestObedience = 30_000;

/** If nothing was delivered for this many milliseconds, only this many requests run at once: each may be useless. */
const caution = { milliseconds: 2_000, requests: 24 };

/** Nothing may be sent now. */
export interface Pause {
  readonly reason: WaitReason;
  /** How long, for a caller that waits here. */
  readonly milliseconds: number;
  /** How long, for a message that goes back to the queue: at least 1, and spread, so that not all return at once. */
  readonly seconds: number;
  /** For the log. */
  readonly why: string;
}

/** Permission for one request. */
export interface Permit {
  /** Whether its event has never failed. */
  readonly isFresh: boolean;
  /** Whether it is a probe, which finds out if Platform is back. */
  readonly isProbe: boolean;
}

interface Outage {
  readonly since: number;
  reason: WaitReason;
  /**
   * When the next probe may be sent. Events that failed before have their own probes, which don't delay those of fresh
   * events.
   */
  readonly next: { fresh: number; repeated: number };
}

/**
 * Distinguishes "Platform is down" from "this event fails", for one instance of the relay, and stops it from sending
 * while Platform accepts nothing.
 *
 * Platform is down after 20 failures in a row; the failure of an event that has failed before counts as a quarter, so
 * that events which always fail do not hold up others. Then only single probes are sent: every half second at first,
 * later after a twentieth of the outage's duration so far, 15 minutes at most. Any delivery ends the outage.
 *
 * @remarks Times are milliseconds of a monotonic clock, such as `performance.now()`.
 */
export class Breaker {
  readonly #random: () => number;
  #failures = 0;
  /** The failures that an operator has to fix. */
  #mistakes = 0;
  #outage: Outage | undefined;
  #last: { readonly lasted: number; readonly endedAt: number } | undefined;
  #underWay = 0;
  #deliveredAt = Number.NEGATIVE_INFINITY;

  /** @param random at least 0, and less than 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The current pause for an event, if any; undefined also when it is time for a probe. */
  pause(now: number, isFresh: boolean): Pause | undefined {
    if (this.#outage === undefined) return undefined;
    const { reason, next, since } = this.#outage;
    const wait = (isFresh ? next.fresh : next.repeated) - now;
    if (wait <= 0) return undefined;
    return this.#pauseOf(reason, wait, Math.min(probes.most, (now - since) * spread));
  }

  /** Asks for permission to send one request. */
  enter(now: number, isFresh: boolean): Permit | Pause {
    const pause = this.pause(now, isFresh);
    if (pause) return pause;
    if (this.#outage === undefined) return { isFresh, isProbe: false };
    const outage = this.#outage;
    const interval = intervalOf(now - outage.since, outage.reason);
    outage.next.repeated = Math.max(outage.next.repeated, now + Math.min(probes.most, 2 * interval));
    if (isFresh) outage.next.fresh = now + interval;
    return { isFresh, isProbe: true };
  }

  /** Whether a permitted request may still be sent. */
  isValid({ isProbe }: Permit): boolean {
    return isProbe || this.#outage === undefined;
  }

  /** Records that a permitted request is sent now; returns false if it has to wait until another one has ended. */
  begin({ isProbe }: Permit, now: number): boolean {
    const isSure = now - this.#deliveredAt <= caution.milliseconds;
    if (!isProbe && !isSure && this.#underWay >= caution.requests) return false;
    this.#underWay += 1;
    return true;
  }

  /**
   * Records how a permitted request ended.
   *
   * @param outcome.retryAfter seconds that Platform asked to wait
   * @returns whether this ended the outage
   */
  record(
    { isFresh, isProbe }: Permit,
    verdict: Verdict,
    { now, retryAfter }: { now: number; retryAfter?: number | undefined },
  ): boolean {
    this.#underWay = Math.max(0, this.#underWay - 1);
    if (verdict === "delivered") return this.#noteDelivery(now);
    const reason = outages[verdict];
    if (this.#outage === undefined) {
      const weight = isFresh || verdict === "dead" ? 1 : repeatedFailure;
      this.#failures += weight;
      if (reason === "hold") this.#mistakes += weight;
      if (this.#failures >= tolerance) this.#open(now);
    } else if (isProbe) {
      this.#outage.reason = reason;
    }
    if (this.#outage && retryAfter !== undefined) {
      const { next } = this.#outage;
      const asked = retryAfter * 1000;
      next.fresh = Math.max(next.fresh, now + Math.min(asked, longestObedience));
      next.repeated = Math.max(next.repeated, now + asked);
    }
    return false;
  }

  /** Whether Platform accepts nothing. */
  get isAway(): boolean {
    return this.#outage !== undefined;
  }

  /** Whether a refusal is its event's own fault, because other events are delivered. */
  get othersPass(): boolean {
    return this.#outage === undefined && Number.isFinite(this.#deliveredAt) && this.#failures < doubtful;
  }

  #noteDelivery(now: number): boolean {
    const outage = this.#outage;
    this.#deliveredAt = now;
    this.#failures = 0;
    this.#mistakes = 0;
    if (outage === undefined) return false;
    this.#last = { lasted: now - outage.since, endedAt: now };
    this.#outage = undefined;
    return true;
  }

  #open(now: number): void {
    // If Platform fails again right after an outage, it is probed less often than in a new outage.
    const isRelapse = this.#last !== undefined && now - this.#last.endedAt < convalescence;
    const since = isRelapse ? now - (this.#last?.lasted ?? 0) / 2 : now;
    const reason = this.#mistakes > this.#failures / 2 ? "hold" : "retry";
    const interval = intervalOf(now - since, reason);
    this.#outage = { since, reason, next: { fresh: now + interval, repeated: now + 2 * interval } };
    this.#failures = 0;
    this.#mistakes = 0;
  }

  #pauseOf(reason: WaitReason, milliseconds: number, more: number): Pause {
    const seconds = Math.max(1, Math.ceil((milliseconds + this.#random() * more) / 1000));
    return { reason, milliseconds, seconds, why: "Platform accepts nothing; the relay tries again from time to time" };
  }
}

function intervalOf(age: number, reason: WaitReason): number {
  return Math.min(probes.most, Math.max(fates[reason].wait.probe, age * probes.share));
}
