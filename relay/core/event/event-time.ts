/** The last second that ISO 8601 writes with a year of four digits; as milliseconds it lies in the year 1978. */
const lastSecond = 253_402_300_799;

/** Milliseconds, microseconds and nanoseconds. */
const finerUnits = 3;

const dateTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)$/i;

/** A time that was read from an event. */
export interface EventTime {
  /** Since 1970. */
  readonly milliseconds: number;
  /** Whether it was in the documented form: whole Unix seconds, as a number or as digits. */
  readonly documented: boolean;
}

/**
 * Reads an event's `timestamp`: Unix seconds, also with a fraction; milliseconds, microseconds or nanoseconds, which no second of a year with four digits
 * reaches; or an ISO 8601 time with its offset.
 *
 * @returns undefined for any other form, whose meaning could only be guessed
 */
export function readEventTime(value: unknown): EventTime | undefined {
  if (typeof value === "string" && dateTime.test(value.trim())) {
    const milliseconds = Date.parse(value.trim());
    return isInRange(milliseconds / 1000) ? { milliseconds, documented: false } : undefined;
  }
  const number = typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
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
/** Characters of a ULID that hold its time; the rest is random. */
const ulidTimeLength = 10;

/**
 * When an event was made, in milliseconds since 1970: the time in its id if that is a ULID, as Customer.io's are, or else its
 * `timestamp`. A call can't repeat another one that came before this time.
 *
 * @returns undefined if the event does not say
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
