import type { Verdict } from "./delivery.ts";
import { fates, type WaitReason } from "./fates.ts";

/** Failures in a row, without a delivery among them, after which Platform counts as away. */
const tolerance = 20;

/** The weight of a failure of an event that has failed before: it may be the event's own fault. */
const repeatedFailure = 0.25;

/** After this many failures in a row a refusal may not be the event's own fault. */
const doubtful = 3;

/**
 * Milliseconds between two probes: a share of the time that Platform has been away, so that its return is noticed in good time; for the
 * least of them see `fates`.
 */
const probes = { share: 0.05, most: 15 * 60 * 1000 };

/** What Platform is away for where it answers every event like this: what it refuses for good, somebody has to fix. */
const outages: Readonly<Record<Exclude<Verdict, "delivered">, WaitReason>> = {
  retry: "retry",
  hold: "hold",
  dead: "hold",
};

/**
 * The share of an outage so far over which messages spread that go back to the queue: a probe needs one of them, and the others only
 * cost. At most as many milliseconds as between two probes.
 */
const spread = 0.25;

/** Milliseconds in which a Platform that was away must have been well, or the next outage counts as the same one going on. */
const convalescence = 30_000;

/** As long as nothing was delivered for so many milliseconds, so many requests are under way at most: each may be in vain. */
const caution = { milliseconds: 2_000, requests: 24 };

/** Nothing may be sent now. */
export interface Pause {
  readonly reason: WaitReason;
  /** How long, for a caller that waits here. */
  readonly milliseconds: number;
  /** How long, for a message that goes back to the queue: at least 1, and spread, so that not all come back at once. */
  readonly seconds: number;
  /** For the log. */
  readonly why: string;
}

/** Permission for one request. */
export interface Permit {
  /** Whether its event has not failed before. */
  readonly isFresh: boolean;
  /** Whether it is a probe, which finds out if Platform is back. */
  readonly isProbe: boolean;
}

interface Outage {
  readonly since: number;
  reason: WaitReason;
  /** When the next probe may go. Events that failed before have probes of their own, which take none from fresh events. */
  readonly next: { fresh: number; repeated: number };
}

/**
 * Tells "Platform is away" from "this event fails", for one instance of the relay, and keeps it from sending to a Platform that
 * takes nothing.
 *
 * Platform is away after 20 failures in a row; the failure of an event that has failed before counts for a quarter, so that events
 * which always fail hold up no others. Then single probes go, each half second at first, and in a long outage ever fewer: after a
 * twentieth of the time that it has lasted, 15 minutes at most. Any delivery ends it.
 *
 * @remarks Times are milliseconds of a clock that never goes back, such as `performance.now()`.
 */
export class Breaker {
  readonly #random: () => number;
  #failures = 0;
  /** Those of the failures that an operator has to fix. */
  #mistakes = 0;
  #outage: Outage | undefined;
  #last: { readonly lasted: number; readonly endedAt: number } | undefined;
  #underWay = 0;
  #deliveredAt = Number.NEGATIVE_INFINITY;

  /** @param random from 0 up to, not including, 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The pause that is on for an event, if there is one; undefined also when it is time for a probe. */
  pause(now: number, isFresh: boolean): Pause | undefined {
    if (this.#outage === undefined) return undefined;
    const { reason, next, since } = this.#outage;
    const wait = (isFresh ? next.fresh : next.repeated) - now;
    if (wait <= 0) return undefined;
    return this.#pauseOf(reason, wait, Math.min(probes.most, (now - since) * spread));
  }

  /** Asks leave for one request. */
  enter(now: number, isFresh: boolean): Permit | Pause {
    const pause = this.pause(now, isFresh);
    if (pause) return pause;
    if (this.#outage === undefined) return { isFresh, isProbe: false };
    const outage = this.#outage;
    const interval = intervalOf(now - outage.since, outage.reason);
    outage.next.repeated = now + Math.min(probes.most, 2 * interval);
    if (isFresh) outage.next.fresh = now + interval;
    return { isFresh, isProbe: true };
  }

  /** Whether a permitted request may still be sent. */
  isValid({ isProbe }: Permit): boolean {
    return isProbe || this.#outage === undefined;
  }

  /** Takes note that a permitted request is sent now; false if it has to wait until one of those under way has ended. */
  begin({ isProbe }: Permit, now: number): boolean {
    const isSure = now - this.#deliveredAt <= caution.milliseconds;
    if (!isProbe && !isSure && this.#underWay >= caution.requests) return false;
    this.#underWay += 1;
    return true;
  }

  /**
   * Takes note of how a permitted request ended.
   *
   * @param outcome.retryAfter seconds that Platform asked for
   * @returns whether it was Platform's return
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
      next.fresh = Math.max(next.fresh, now + retryAfter * 1000);
      next.repeated = Math.max(next.repeated, next.fresh);
    }
    return false;
  }

  /** Whether Platform takes nothing. */
  get isAway(): boolean {
    return this.#outage !== undefined;
  }

  /** Whether a refusal is its event's own fault, since other events are delivered. */
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
    // A Platform that falters again right after an outage is not asked as often as in a new one.
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
    return { reason, milliseconds, seconds, why: "Platform takes nothing, and is asked now and then" };
  }
}

function intervalOf(age: number, reason: WaitReason): number {
  return Math.min(probes.most, Math.max(fates[reason].wait.probe, age * probes.share));
}
