import type { JsonObject } from "../json.ts";

/** What an expression computes with: JSON values and points in time. */
export type Value = null | boolean | number | string | DateTime | Value[] | ValueObject;

export interface ValueObject {
  [key: string]: Value | undefined;
}

/** A point in time with its offset from UTC: Data Prep's ZonedDateTime. */
export class DateTime {
  readonly epochMilliseconds: number;
  readonly offsetMinutes: number;

  constructor(epochMilliseconds: number, offsetMinutes = 0) {
    this.epochMilliseconds = epochMilliseconds;
    this.offsetMinutes = offsetMinutes;
  }

  /** ISO 8601, without a fraction when there is none: `2019-10-23T11:24:00Z`. */
  toString(): string {
    const local = new Date(this.epochMilliseconds + this.offsetMinutes * 60_000).toISOString().slice(0, -1);
    return local.replace(/\.000$/, "") + isoOffset(this.offsetMinutes);
  }
}

/** `Z`, or `+02:00`. */
export function isoOffset(minutes: number, separator = ":"): string {
  if (minutes === 0) return "Z";
  const sign = minutes < 0 ? "-" : "+";
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${sign}${String(hour).padStart(2, "0")}${separator}${String(minute).padStart(2, "0")}`;
}

/** A transformation that fails for one event: nulls its column and counts as a warning. */
export class TransformError extends Error {}

/** A reference to an attribute that the event lacks. */
export class MissingAttribute extends Error {
  constructor(path: string) {
    super(`The attribute ${path} does not exist in the source data`);
  }
}

export function isValueObject(value: Value | undefined): value is ValueObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof DateTime);
}

/** What a calculation may look at beside its arguments. */
export interface EvaluationContext {
  readonly source: JsonObject;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What the operators of numbers do; default: they calculate. */
  readonly arithmetic?: "calculates" | "fails";
}
