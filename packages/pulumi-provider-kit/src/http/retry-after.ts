/** Upper bound for `Retry-After`, in seconds, so that a bogus value can't silence a relay or an `up` for days. */
const longestRetryAfter = 60 * 60;

/**
 * Parses the header `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3). The relay and the providers all use this
 * function, so the same bound applies to all of them.
 *
 * @returns whole seconds from now, 0 to an hour; undefined if there is no such header or it can't be read
 */
export function retryAfterSeconds(header: string | null | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(longestRetryAfter, Number(text));
  // Without letters, Date.parse would read many numbers as years.
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  return Math.min(longestRetryAfter, Math.max(0, Math.ceil((at - now.getTime()) / 1000)));
}
