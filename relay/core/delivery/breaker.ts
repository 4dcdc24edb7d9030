import type { Verdict } from "./delivery.ts";
import type { WaitReason } from "./fates.ts";
import { RequestsUnderWay, type UnansweredRequest } from "./under-way.ts";

/**
 * Failures in a row, without a delivery in between, after which Platform is considered down. Soon after an outage,
 * it takes four times as many as before it, up to the maximum: many events may fail among others that pass.
 */
const tolerance = { first: 20, growth: 4, most: 320 };

/** The weight of a failure of an event that has failed before: it may be the event's own fault. */
const repeatedFailure = 0.25;

/** After this many failures in a row, a refusal may not be the event's own fault. */
const doubtful = 3;

/**
 * The time between two probes, as a share of the outage's duration, so that the end of the outage is noticed soon; the
 * limits are in milliseconds.
 */
const probes = { share: 0.05, least: 500, most: 15 * 60 * 1000 };

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
 * Milliseconds after which Platform must still be silent: if this process was blocked, it first reads the answers that arrived meanwhile.
 */
const secondLook = 10;

/**
 * Maximum milliseconds for which `Retry-After` delays the probes with events that have not failed: the answer was to another event, which
 * may be the only one with trouble, and one request in ten seconds burdens nobody.
 */
const longestObedience = 10_000;

/** Nothing may be sent now. */
export interface Pause {
  /** The kind of Platform's outage; absent if Platform is not to blame. */
  readonly reason?: WaitReason;
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

/** A permitted request that is under way. */
export interface PermittedRequest extends Permit, UnansweredRequest {}

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
 * Platform is down after 20 failures in a row, or after more if an outage has just ended. The failure of an event that has failed before
 * counts as a quarter, so that events which always fail do not hold up others. Platform is also down if it no longer answers. Then only
 * single probes are sent: every half second at first, later after a twentieth of the outage's duration so far, 15 minutes at most. Any
 * delivery ends the outage.
 *
 * @remarks Times are milliseconds of a monotonic clock, such as `performance.now()`.
 */
export class Breaker {
  readonly #random: () => number;
  #failures = 0;
  /** The failures that an operator has to fix. */
  #mistakes = 0;
  #outage: Outage | undefined;
  #silentSince: number | undefined;
  #last: { readonly lasted: number; readonly endedAt: number } | undefined;
  readonly #underWay: RequestsUnderWay;
  #relapses = 0;
  #hasDelivered = false;

  /**
   * @param options.requestsPerSecond the rate at most
   * @param options.random at least 0, and less than 1
   */
  constructor({ requestsPerSecond, random }: { requestsPerSecond: number; random: () => number }) {
    this.#random = random;
    this.#underWay = new RequestsUnderWay(requestsPerSecond);
  }

  /** The current pause for an event, if any; undefined also when it is time for a probe. */
  pause(now: number, isFresh: boolean): Pause | undefined {
    this.#noteSilence(now);
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
    const interval = intervalOf(now - outage.since);
    outage.next.repeated = Math.max(outage.next.repeated, now + this.#blur(Math.min(probes.most, 2 * interval)));
    if (isFresh) outage.next.fresh = now + this.#blur(interval);
    return { isFresh, isProbe: true };
  }

  /** Whether a permitted request may still be sent. */
  isValid({ isProbe }: Permit): boolean {
    return isProbe || this.#outage === undefined;
  }

  /**
   * Records that a permitted request is sent now; undefined if it has to wait until another one has ended.
   *
   * @param giveUp ends the request, since it hangs while others are answered
   */
  begin(permit: Permit, now: number, giveUp: () => void): PermittedRequest | undefined {
    this.#noteSilence(now);
    const mustWait = this.#outage !== undefined || this.#silentSince !== undefined || !this.#underWay.hasRoom();
    if (!permit.isProbe && mustWait) return undefined;
    const request = { ...permit, startedAt: now, giveUp };
    this.#underWay.begin(request);
    return request;
  }

  /** Forgets a request that was not sent after all. */
  forget(request: PermittedRequest): void {
    this.#underWay.forget(request);
  }

  /**
   * Records how a permitted request ended.
   *
   * @param outcome.isAnswer whether Platform answered; otherwise there was no connection, or no answer in time
   * @param outcome.retryAfter seconds that Platform asked to wait
   * @returns whether this ended the outage
   */
  record(
    request: PermittedRequest,
    verdict: Verdict,
    { now, isAnswer, retryAfter }: { now: number; isAnswer: boolean; retryAfter?: number | undefined },
  ): boolean {
    const { isFresh, isProbe } = request;
    const isBack = verdict === "delivered" && this.#noteDelivery(now);
    this.#underWay.end(request, { now, verdict, isAnswer });
    if (verdict === "delivered" || this.#underWay.isOutdated(request)) return isBack;
    const reason = outages[verdict];
    if (this.#outage === undefined) {
      const weight = isFresh || verdict === "dead" ? 1 : repeatedFailure;
      this.#failures += weight;
      if (reason === "hold") this.#mistakes += weight;
      if (this.#failures >= this.#toleranceAt(now)) this.#open(now);
    } else if (isProbe) {
      this.#outage.reason = reason;
    }
    if (this.#outage && retryAfter !== undefined) {
      const { next } = this.#outage;
      const asked = retryAfter * 1000;
      next.fresh = Math.max(next.fresh, now + this.#blur(Math.min(asked, longestObedience)));
      next.repeated = Math.max(next.repeated, now + this.#blur(asked));
    }
    return false;
  }

  /** Whether Platform accepts nothing. */
  get isAway(): boolean {
    return this.#outage !== undefined;
  }

  /** Whether Platform accepts nothing, or did so recently. */
  isInTrouble(now: number): boolean {
    return this.isAway || this.#isConvalescent(now);
  }

  /** Whether a refusal is its event's own fault, because other events are delivered. */
  get othersPass(): boolean {
    return this.#outage === undefined && this.#hasDelivered && this.#failures < doubtful;
  }

  #noteSilence(now: number): void {
    if (this.#outage !== undefined) return;
    if (!this.#underWay.isSilent(now)) this.#silentSince = undefined;
    else if (this.#silentSince === undefined) this.#silentSince = now;
    else if (now - this.#silentSince >= secondLook) this.#open(now);
  }

  #noteDelivery(now: number): boolean {
    const outage = this.#outage;
    this.#hasDelivered = true;
    this.#failures = 0;
    this.#mistakes = 0;
    if (outage === undefined) return false;
    this.#last = { lasted: now - outage.since, endedAt: now };
    this.#outage = undefined;
    this.#underWay.noteReturn(now);
    return true;
  }

  #open(now: number): void {
    // If Platform fails again right after an outage, it is probed less often than in a new outage.
    const isRelapse = this.#isConvalescent(now);
    this.#relapses = isRelapse ? this.#relapses + 1 : 0;
    const since = isRelapse ? now - (this.#last?.lasted ?? 0) / 2 : now;
    const reason = this.#mistakes > this.#failures / 2 ? "hold" : "retry";
    const interval = intervalOf(now - since);
    this.#outage = { since, reason, next: { fresh: now + interval, repeated: now + 2 * interval } };
    this.#failures = 0;
    this.#mistakes = 0;
    this.#silentSince = undefined;
  }

  /**
   * A wait that is a little longer, at random: messages come back after whole seconds, so with whole seconds between probes each would fall
   * to the same ones.
   */
  #blur(milliseconds: number): number {
    return milliseconds + this.#random() * Math.min(250, milliseconds / 2);
  }

  #isConvalescent(now: number): boolean {
    return this.#last !== undefined && now - this.#last.endedAt < convalescence;
  }

  #toleranceAt(now: number): number {
    const { first, growth, most } = tolerance;
    return this.#isConvalescent(now) ? Math.min(most, first * growth ** (this.#relapses + 1)) : first;
  }

  #pauseOf(reason: WaitReason, milliseconds: number, more: number): Pause {
    const seconds = Math.max(1, Math.ceil((milliseconds + this.#random() * more) / 1000));
    return { reason, milliseconds, seconds, why: "Platform accepts nothing; the relay tries again from time to time" };
  }
}

function intervalOf(age: number): number {
  return Math.min(probes.most, Math.max(probes.least, age * probes.share));
}
