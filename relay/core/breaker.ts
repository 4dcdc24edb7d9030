import type { Verdict } from "./delivery.ts";
import { pauseSeconds, type WaitReason } from "./retry-schedule.ts";

/** Failures in a row, without any good answer between them, after which nothing is sent for a while. */
const tolerance = 5;

/**
 * Milliseconds that a probe has for its answer, before another may be made: longer than a request ever takes, which may be four of
 * 10 seconds (an access token, the event, another token, the event again). The answer to an earlier probe would not be heard.
 */
const probeMilliseconds = 45_000;

/** Milliseconds after an outage in which the rate grows to its whole. */
const rampMilliseconds = 30_000;

/** Platform's wish is obeyed for so many seconds at most, lest a nonsensical one keep an instance silent for days. */
const maxRetryAfter = 60 * 60;

/** Nothing is to be sent now. */
export interface Pause {
  readonly reason: WaitReason;
  /** Whole seconds after which to come back, at least 1. They differ from call to call, so that not all come back at once. */
  readonly seconds: number;
  /** For the log. */
  readonly why: string;
}

/** Leave for one request, whose verdict is to be recorded with it. */
export interface Permit {
  readonly period: number;
  /** The one request that finds out whether Platform is back. */
  readonly probe: boolean;
}

/**
 * Keeps one instance of the relay from sending while Platform takes nothing anyway.
 *
 * Closed, it lets everything through. It opens after 5 failures in a row, or as soon as Platform asks for a pause (`Retry-After`);
 * then nothing is sent, for a time that doubles with each opening, from some seconds to 15 minutes (an hour for a `hold`). After it
 * one event alone is sent: if Platform answers it, the breaker closes and the rate ramps up over 30 seconds, else it opens again.
 *
 * A refusal of one event (`dead`) is a good answer: Platform is there.
 *
 * @remarks Times are milliseconds of a clock that never goes back, such as `performance.now()`.
 */
export class Breaker {
  readonly #random: () => number;
  /** Goes up with each opening and each probe; the report on a request of an earlier period says nothing about this one. */
  #period = 0;
  #failures = 0;
  #openings = 0;
  #open: { readonly until: number; readonly seconds: number; readonly reason: WaitReason } | undefined;
  #recoveredAt: number | undefined;

  /** @param random from 0 up to, not including, 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The pause that is on, if there is one; undefined also when it is time for a probe. */
  pause(now: number): Pause | undefined {
    if (this.#open === undefined || now >= this.#open.until) return undefined;
    const { until, seconds, reason } = this.#open;
    // Spread over half the pause again, or the messages of a whole outage would come back in the same second.
    return {
      reason,
      seconds: Math.ceil((until - now) / 1000 + (this.#random() * seconds) / 2),
      why: "Platform took nothing lately, and is left alone for a while",
    };
  }

  /** Asks leave for one request. */
  enter(now: number): Permit | Pause {
    const pause = this.pause(now);
    if (pause) return pause;
    if (this.#open === undefined) return { period: this.#period, probe: false };
    this.#period += 1;
    this.#open = { ...this.#open, until: now + probeMilliseconds };
    return { period: this.#period, probe: true };
  }

  /** Whether what was permitted may still be sent, after a wait. */
  isValid(permit: Permit): boolean {
    return permit.period === this.#period;
  }

  /**
   * Takes note of how a permitted request ended.
   *
   * @param retryAfter seconds that Platform asked for
   */
  record(
    permit: Permit,
    verdict: Verdict,
    { now, retryAfter }: { now: number; retryAfter?: number | undefined },
  ): void {
    if (!this.isValid(permit)) return;
    if (verdict === "delivered" || verdict === "dead") {
      this.#failures = 0;
      if (permit.probe) this.#close(now);
      return;
    }
    this.#failures += 1;
    if (permit.probe || retryAfter !== undefined || this.#failures >= tolerance)
      this.#openFor(verdict, now, retryAfter);
  }

  /** The share of the usual rate, from 0 to 1, that a Platform that was away may be asked for. */
  strength(now: number): number {
    return this.#recoveredAt === undefined ? 1 : Math.min(1, (now - this.#recoveredAt) / rampMilliseconds);
  }

  #close(now: number): void {
    this.#open = undefined;
    this.#recoveredAt = now;
    // Forgotten by halves: a Platform that falters again right after an outage soon is asked often once more, not every 15 minutes.
    this.#openings = Math.floor(this.#openings / 2);
  }

  #openFor(reason: WaitReason, now: number, retryAfter: number | undefined): void {
    if (this.strength(now) === 1 && this.#open === undefined) this.#openings = 0;
    this.#openings += 1;
    this.#period += 1;
    this.#failures = 0;
    this.#recoveredAt = undefined;
    const seconds = pauseSeconds(reason, {
      openings: this.#openings,
      retryAfter: retryAfter === undefined ? undefined : Math.min(maxRetryAfter, retryAfter),
      random: this.#random(),
    });
    this.#open = { until: now + seconds * 1000, seconds, reason };
  }
}
