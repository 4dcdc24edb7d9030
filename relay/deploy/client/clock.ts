/** The clock of all operations. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a monotonic clock, for durations only. */
  monotonic(): number;
  /** Waits. Resolves early, without an error, if `signal` aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}
