const hour = 3_600_000;

/** A call is given up once this many milliseconds have passed since its first attempt. */
export const retryPeriod = 7 * 24 * hour;

/** What Customer.io's reporting webhook docs call the errors after which it waits for an hour, in their own words. */
export const transportErrors = {
  endOfFile: "EOF",
  nameResolution: "server misbehaving",
  refused: "connect: connection refused",
  reset: "read: connection reset by peer",
  certificate: "tls: failed to verify certificate: x509:",
} as const;

const hourLong: ReadonlySet<number | string> = new Set([
  ...[400, 401, 402, 403, 404, 405, 410, 429, 500, 502, 521],
  ...Object.values(transportErrors),
]);

/**
 * Milliseconds until the next attempt: an hour after the failures that Customer.io lists, else a short while, and at least
 * twice what was waited before.
 *
 * @param failure the answer's status, or the error in place of an answer
 * @param previous milliseconds waited before the attempt that failed; 0 for the first attempt
 * @param short milliseconds before the first retry after a failure that isn't listed
 */
export function nextWait(failure: number | string, previous: number, short: number): number {
  return Math.max(hourLong.has(failure) ? hour : short, 2 * previous);
}
