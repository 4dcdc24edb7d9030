const hour = 3_600_000;

/** Milliseconds after the first attempt at which a call is given up. */
export const retryPeriod = 7 * 24 * hour;

/** The errors after which Customer.io waits for an hour, as named in its reporting webhook docs. */
export const transportErrors = {
  endOfFile: "EOF",
  nameResolution: "server misbehaving",
  refused: "connect: connection refused",
  reset: "read: connection reset by peer",
  certificate: "tls: failed to verify certificate: x509:",
} as const;

const hourLong: ReadonlySet<number | string> = new Set([
  400,
  401,
  402,
  403,
  404,
  405,
  410,
  429,
  500,
  502,
  521,
  ...Object.values(transportErrors),
]);

/**
 * Milliseconds until the next attempt: an hour after the failures that Customer.io lists, otherwise a short time, and at least
 * twice the previous wait.
 *
 * @param failure the answer's status, or the error if there was no answer
 * @param previous milliseconds before the failed attempt; 0 for the first attempt
 * @param short milliseconds before the first retry after other failures
 */
export function nextWait(failure: number | string, previous: number, short: number): number {
  return Math.max(hourLong.has(failure) ? hour : short, 2 * previous);
}
