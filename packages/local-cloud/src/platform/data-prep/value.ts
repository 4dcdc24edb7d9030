import { DateTimeFormatter, ZonedDateTime } from "@js-joda/core";
import type { JsonObject } from "../web/json.ts";

/** The values of expressions: JSON values and times with their zone. */
export type Value = null | boolean | number | string | ZonedDateTime | Value[] | ValueObject;

export interface ValueObject {
  [key: string]: Value | undefined;
}

/** A time in Data Prep's form: `2019-10-23T11:24:00Z`, with a fraction if it has one. */
export function isoText(time: ZonedDateTime): string {
  return time.format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
}

/** A transformation failed for one event: it nulls its column and counts as a warning. */
export class TransformError extends Error {}

/** A reference to an attribute that the event lacks. */
export class MissingAttribute extends Error {
  constructor(path: string) {
    super(`The attribute ${path} does not exist in the source data`);
  }
}

export function isValueObject(value: Value | undefined): value is ValueObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ZonedDateTime);
}

/** What an evaluation uses besides its arguments. */
export interface EvaluationContext {
  readonly source: JsonObject;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Behavior of arithmetic operators; default: they calculate. */
  readonly arithmetic?: "calculates" | "fails";
}
