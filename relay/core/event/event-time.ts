import { parseZonedTime } from "../zoned-time.ts";

/** The last second of the year 9999. Read as milliseconds, the same number is in 1978. */
const lastSecond = 253_402_300_799;

/** Milliseconds, microseconds and nanoseconds. */
const finerUnits = 3;

/** A time read from an event. */
export interface EventTime {
  /** Milliseconds since 1970. */
  readonly milliseconds: number;
  /** Whether it has the documented form: whole Unix seconds, as a number or as digits. */
  readonly documented: boolean;
}

/**
 * Reads an event's `timestamp`: Unix seconds, with or without a fraction; milliseconds, microseconds or nanoseconds, which are larger than
 * any seconds up to the year 9999; or a date with its time and offset, see `parseZonedTime`.
 *
 * @returns undefined for any other form, since its meaning would be a guess
 */
export function readEventTime(value: unknown): EventTime | undefined {
  const milliseconds = typeof value === "string" ? parseZonedTime(value.trim()) : undefined;
  if (milliseconds !== undefined) {
    return isInRange(milliseconds / 1000) ? { milliseconds, documented: false } : undefined;
  }
  const isNumber = typeof value === "string" && /^\d+(\.\d+)?(e\+?\d+)?$/i.test(value.trim());
  const number = isNumber ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number) || number < 0) return undefined;
  let seconds = number;
  for (let unit = 0; unit < finerUnits && !isInRange(seconds); unit += 1) seconds /= 1000;
  if (!isInRange(seconds)) return undefined;
  return {
    milliseconds: Math.floor(Math.round(seconds * 1_000_000) / 1000),
    documented: seconds === number && Number.isInteger(number),
  };
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
/** Leading characters of a ULID that encode its time; the rest is random. */
const ulidTimeLength = 10;

/**
 * When an event was created, in milliseconds since 1970: the time in its id if that is a ULID, like Customer.io's, otherwise its
 * `timestamp`. No call before this time can have carried the event.
 *
 * @returns undefined if the event has neither
 */
export function readCreationTime(id: string, timestamp: unknown): number | undefined {
  if (!ulid.test(id)) return readEventTime(timestamp)?.milliseconds;
  let milliseconds = 0;
  for (const character of id.slice(0, ulidTimeLength)) milliseconds = milliseconds * 32 + crockford.indexOf(character);
  return milliseconds;
}

function isInRange(seconds: number): boolean {
  return seconds >= 0 && seconds <= lastSecond;
}
