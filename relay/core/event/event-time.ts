/** The last second that ISO 8601 writes with a year of four digits; as milliseconds it lies in the year 1978. */
const lastSecond = 253_402_300_799;

/** Milliseconds, microseconds and nanoseconds. */
const finerUnits = 3;

const dateTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)$/i;

/** A time that was read from an event. */
export interface EventTime {
  /** Since 1970. */
  readonly milliseconds: number;
  /** Whether it came as Customer.io documents it: whole Unix seconds, be it as a number or as digits. */
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

function isInRange(seconds: number): boolean {
  return seconds >= 0 && seconds <= lastSecond;
}
