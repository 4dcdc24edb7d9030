const day = 86_400_000;

/**
 * The expiry date of a secret that an update writes now: after at most this number of days, and at least three quarters of it. The date stays
 * the same for a quarter of the time, so that most previews find no change; the first update after that renews it.
 *
 * @param days 0: never
 * @param now milliseconds since 1970
 * @returns ISO 8601 time; undefined: never
 */
export function expiryDate(days: number, now: number): string | undefined {
  if (days === 0) return undefined;
  const step = Math.ceil(days / 4) * day;
  return new Date(Math.floor(now / step) * step + days * day).toISOString();
}
