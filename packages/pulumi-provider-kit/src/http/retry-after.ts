/** Longest wait that a server may ask for, in seconds: beyond it a nonsensical wish would keep a relay or an `up` silent for days. */
const longestRetryAfter = 60 * 60;

/**
 * Reads the header `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3). The relay and the providers read it here
 * alone, so that the same bound holds for all of them.
 *
 * @returns whole seconds from now, 0 to an hour; undefined if there is no such header or it can't be read
 */
export function retryAfterSeconds(header: string | null | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Math.min(longestRetryAfter, Number(text));
  // Without a letter Date.parse would take many a number for a year.
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  return Math.min(longestRetryAfter, Math.max(0, Math.ceil((at - now.getTime()) / 1000)));
}
