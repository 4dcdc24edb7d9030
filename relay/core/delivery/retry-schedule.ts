import { type QueuedEvent, waitingSince } from "../event/envelope.ts";

/** Queue Storage hides a message for 7 days at most. */
const maxVisibilitySeconds = 7 * 24 * 60 * 60;

/**
 * An event that could not be delivered for this long after its first attempt becomes a dead letter, which can be
 * replayed.
 */
const horizonMilliseconds = 7 * 24 * 60 * 60 * 1000;

/**
 * An event that waited in the queue for this long, tried or not, also becomes a dead letter. No message may live nearly
 * as long as claims are kept (90 days): otherwise the body of a large event would be deleted while it still waits. A
 * replay rewrites the claim and restarts the wait, so the event may be of any age.
 */
const longestLifeMilliseconds = 30 * 24 * 60 * 60 * 1000;

/** Seconds: the longest wait after the first failure, doubled by each further one up to the cap. */
const wait = { base: 2, cap: 3600 };

/**
 * How many failures of an event count as bad luck while at least this share of the retries is delivered, and the weight of the latest retry in
 * that share. If 63 % of the attempts fail at random, the unluckiest of 200 events fails about 12 times.
 */
const luck = { failures: 16, share: 0.25, weight: 1 / 32 };

/**
 * How many failures of an event say nothing about it, since other events that failed before are delivered when they are tried again.
 */
export class RetryLuck {
  /** The share of the recent retries that were delivered. */
  #share = 1;

  /** Records how the retry of an event ended while Platform was not down. */
  record(isDelivered: boolean): void {
    this.#share += ((isDelivered ? 1 : 0) - this.#share) * luck.weight;
  }

  get forgivenFailures(): number {
    return luck.failures * Math.min(1, this.#share / luck.share);
  }
}

/**
 * How long a failed event waits while others pass: exponential with full jitter, so that events that failed together
 * aren't retried together. At least the time that Platform asked for in `Retry-After`; the jitter is added to that.
 *
 * @param attempts failed attempts so far, at least 1
 * @param forgiven how many of them don't make the wait longer
 * @param random at least 0, and less than 1
 * @returns whole seconds, 1 to 7 days
 */
export function retryDelaySeconds({
  attempts,
  forgiven,
  retryAfter,
  random,
}: {
  attempts: number;
  forgiven: number;
  retryAfter?: number | undefined;
  random: number;
}): number {
  const jitter = Math.ceil(random * Math.min(wait.cap, wait.base * 2 ** Math.max(0, attempts - 1 - forgiven)));
  return Math.min(maxVisibilitySeconds, Math.max(1, (retryAfter ?? 0) + jitter));
}

/** Whole seconds from now until a time, 0 if it is past, at most 7 days: the caller checks again then. */
export function secondsUntil(time: Date, now: Date): number {
  return Math.min(maxVisibilitySeconds, Math.max(0, Math.ceil((time.getTime() - now.getTime()) / 1000)));
}

/** Whether an event has been tried for 7 days and becomes a dead letter. */
export function isExpired({ firstAttemptAt }: { firstAttemptAt?: string | undefined }, now: Date): boolean {
  return firstAttemptAt !== undefined && now.getTime() - Date.parse(firstAttemptAt) >= horizonMilliseconds;
}

/** Whether an event has waited in the queue for 30 days and becomes a dead letter, even if it was never tried. */
export function isOverdue(event: Pick<QueuedEvent, "receivedAt" | "queuedAt">, now: Date): boolean {
  return now.getTime() - waitingSince(event) >= longestLifeMilliseconds;
}
