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
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(longestRetryAfter, Math.ceil(Number(text)));
  // Without the time of day, Date.parse would read many texts as days.
  const at = /\d\d:\d\d:\d\d/.test(text) ? Date.parse(inUtc(text)) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  return Math.min(longestRetryAfter, Math.max(0, Math.ceil((at - now.getTime()) / 1000)));
}

/** HTTP's oldest form of a date, `Sun Nov  6 08:49:37 1994`, has no zone: it is UTC, but Date.parse takes it for local time. */
function inUtc(date: string): string {
  return /\d{4}$/.test(date) && !/[+-]\d{4}$/.test(date) ? `${date} GMT` : date;
}
