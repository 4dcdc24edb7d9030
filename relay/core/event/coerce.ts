import type { EventFieldType } from "../../../events/fields.ts";

/**
 * Converts a value to the type of its field if that keeps its meaning: a number or boolean to text, digits to a number, "true" and
 * "false" to booleans, an ISO 8601 time with or without fractions.
 *
 * @returns undefined if the value is missing or can't be converted
 */
export function coerce(value: unknown, type: EventFieldType): unknown {
  return coercions[type](value);
}

const coercions: Record<EventFieldType, (value: unknown) => unknown> = {
  string: toText,
  long: toLong,
  boolean: toBoolean,
  "date-time": toDateTime,
  "string[]": toTexts,
};

function toText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  // Beyond 2^53 the number is no longer what Customer.io wrote.
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
}

function toLong(value: unknown): number | undefined {
  const number = typeof value === "string" && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

function toBoolean(value: unknown): boolean | undefined {
  if (value === "true") return true;
  if (value === "false") return false;
  return typeof value === "boolean" ? value : undefined;
}

function toDateTime(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function toTexts(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(toText).filter((text) => text !== undefined);
  return texts.length === value.length ? texts : undefined;
}
