interface Wait {
  readonly time: number;
  readonly action: () => void;
}

/**
 * Customer.io's clock for retries, limits and timestamps: either real time, which can be advanced in addition, or a
 * stopped time that only advances on request. Network calls take real time in both cases.
 */
export class AdjustableClock {
  readonly #running: boolean;
  /** Running: milliseconds ahead of real time. Stopped: the time itself. */
  #base: number;
  readonly #waits = new Set<Wait>();
  readonly #work = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(running: boolean, base: number) {
    this.#running = running;
    this.#base = base;
  }

  /** Real time. */
  static running(): AdjustableClock {
    return new AdjustableClock(true, 0);
  }

  /** A time that only `advance` moves. */
  static stoppedAt(at: Date): AdjustableClock {
    return new AdjustableClock(false, at.getTime());
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#running ? Date.now() + this.#base : this.#base;
  }

  /** Whole seconds since 1970. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Calls `action` at `time` (milliseconds since 1970); the returned function cancels it. */
  at(time: number, action: () => void): () => void {
    const wait = { time, action };
    this.#waits.add(wait);
    this.#arm();
    return () => {
      this.#waits.delete(wait);
      this.#arm();
    };
  }

  /** `advance` doesn't move the time while this work is under way. */
  holdFor(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  /** Resolves once no work is in progress. */
  async untilSettled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /**
   * Moves the time from one due action to the next, each at its own time and with all the work that it starts, up to
   * `milliseconds` from now.
   */
  async advance(milliseconds: number): Promise<void> {
    await this.untilSettled();
    const end = this.now() + milliseconds;
    for (let due = this.#earliest(); due !== undefined && due.time <= end; due = this.#earliest()) {
      this.#moveTo(due.time);
      this.#fire(due);
      await this.untilSettled();
    }
    this.#moveTo(end);
    this.#arm();
  }

  #moveTo(time: number): void {
    this.#base += Math.max(0, time - this.now());
  }

  #fire(wait: Wait): void {
    if (this.#waits.delete(wait)) wait.action();
  }

  #earliest(): Wait | undefined {
    let earliest: Wait | undefined;
    for (const wait of this.#waits) if (earliest === undefined || wait.time < earliest.time) earliest = wait;
    return earliest;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#earliest();
    if (!this.#running || next === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#fire(next);
        this.#arm();
      },
      Math.max(0, next.time - this.now()),
    );
    this.#timer.unref();
  }
}
