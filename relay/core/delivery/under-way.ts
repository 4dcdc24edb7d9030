import type { Verdict } from "./delivery.ts";

/**
 * How many requests may wait for their answers at once: twice as many as the rate needs while Platform is as slow as recently, but at least
 * a few. Before the first answer only a few, since all of them may fail. The maximum keeps the instance's connections to Platform
 * near what Azure gives it: 128 ports for one address at first, then more as they are free.
 */
const room = { least: 12, most: 256 };

/**
 * A request hangs if it has waited for this long, both in milliseconds and as a multiple of what others took. Platform is silent if no request
 * was answered for that time, and this many wait.
 */
const hanging = { milliseconds: 1_000, multiple: 4, silence: 5 };

/** The share of its time that the slowest answer still counts for when the next one arrives. */
const fading = 0.9;

/** A request that is under way. */
export interface UnansweredRequest {
  readonly startedAt: number;
  /** Ends the request, which then counts as failed. Platform may have the event nevertheless. */
  readonly giveUp: () => void;
}

/**
 * The requests of one instance that Platform has not answered yet: how many there may be, and what it means if they are not answered.
 *
 * @remarks Times are milliseconds of a monotonic clock.
 */
export class RequestsUnderWay {
  readonly #requestsPerSecond: number;
  /** Requests that no later one has overtaken, in the order in which they began. */
  readonly #current = new Set<UnansweredRequest>();
  /** Requests that began before one that was delivered. */
  readonly #overtaken = new Set<UnansweredRequest>();
  /** How long the slowest of the recent answers took; unknown before the first. */
  #slowest = Number.POSITIVE_INFINITY;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** When the request that was delivered last, and began last, had begun. */
  #deliveredFrom = Number.NEGATIVE_INFINITY;
  #backAt = Number.NEGATIVE_INFINITY;

  constructor(requestsPerSecond: number) {
    this.#requestsPerSecond = requestsPerSecond;
  }

  /** Whether there is room for a further request. Overtaken ones take no room, since they say nothing about Platform. */
  hasRoom(): boolean {
    if (this.#current.size + this.#overtaken.size >= room.most) return false;
    const known = Number.isFinite(this.#slowest) ? this.#slowest : 0;
    return this.#current.size < Math.max(room.least, (2 * this.#requestsPerSecond * known) / 1000);
  }

  begin(request: UnansweredRequest): void {
    this.#current.add(request);
  }

  /** The request does not wait for an answer any more. */
  forget(request: UnansweredRequest): void {
    this.#current.delete(request);
    this.#overtaken.delete(request);
  }

  /** @param isAnswer whether Platform answered it, with whatever status */
  end(
    request: UnansweredRequest,
    { now, verdict, isAnswer }: { now: number; verdict: Verdict; isAnswer: boolean },
  ): void {
    this.forget(request);
    if (!isAnswer) return;
    const took = now - request.startedAt;
    this.#answeredAt = now;
    this.#slowest = Number.isFinite(this.#slowest) ? Math.max(took, this.#slowest * fading) : took;
    if (verdict !== "delivered") return;
    this.#deliveredFrom = Math.max(this.#deliveredFrom, request.startedAt);
    for (const other of this.#current) {
      if (!this.isOutdated(other)) break;
      this.#current.delete(other);
      this.#overtaken.add(other);
    }
    this.#giveUpForgotten(request, now);
  }

  /** Whether a failure of this request says nothing about Platform, since a request that began later was delivered. */
  isOutdated({ startedAt }: UnansweredRequest): boolean {
    return startedAt < this.#deliveredFrom;
  }

  /** Whether Platform no longer answers. */
  isSilent(now: number): boolean {
    const limit = limitFor(this.#slowest);
    return now - this.#answeredAt > limit && olderThan(limit, this.#current, now).length >= hanging.silence;
  }

  /** Platform accepts events again. */
  noteReturn(now: number): void {
    this.#backAt = now;
  }

  /**
   * Ends requests that began before an outage was over and still hang although one that began later was delivered: Platform has probably
   * forgotten them. Other requests get all the time there is, since their events may need it.
   */
  #giveUpForgotten(delivered: UnansweredRequest, now: number): void {
    for (const { startedAt, giveUp } of olderThan(limitFor(now - delivered.startedAt), this.#overtaken, now)) {
      if (startedAt < this.#backAt) giveUp();
    }
  }
}

/** The requests that have waited for longer, in the order in which they began. */
function olderThan(milliseconds: number, requests: Iterable<UnansweredRequest>, now: number): UnansweredRequest[] {
  const older: UnansweredRequest[] = [];
  for (const request of requests) {
    if (now - request.startedAt <= milliseconds) break;
    older.push(request);
  }
  return older;
}

function limitFor(usual: number): number {
  return Math.max(hanging.milliseconds, hanging.multiple * usual);
}
