const day = 86_400_000;

/**
 * When a secret that an update writes now expires: after so many days at most, and after three quarters of them at least. The date stays
 * the same for a quarter of the time, so that not every preview finds another one; the first update after that moves it on.
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
