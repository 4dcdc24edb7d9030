import { convert, ZonedDateTime } from "@js-joda/core";
import type { PlatformSwitches } from "../state/options.ts";
import { isObject, type Json, type JsonObject, objectOf } from "../web/json.ts";
import { valueText } from "./functions/evaluation.ts";
import { readDate } from "./known-dates.ts";
import { isoText, isValueObject, type Value, type ValueObject } from "./value.ts";

/** A value that doesn't fit the type of its XDM field: fails the record. */
export class TypeMismatch extends Error {
  constructor(path: string, value: Value, type: string) {
    super(`${path}: ${valueText(value)} does not fit the XDM type ${type}`);
  }
}

const trueWords = new Set(["y", "yes", "Y", "YES", "on", "ON", "true", "TRUE"]);
const falseWords = new Set(["n", "N", "no", "NO", "off", "OFF", "false", "FALSE"]);

/**
 * Converts a value to the type of its XDM field, as far as Data Prep does so by itself: strings to booleans and dates by the lists of
 * its data handling page, numeric strings to numbers, objects by copying the attributes that the field has. A number never becomes
 * a date. It becomes text only if `numberInTextField` says so: an example in the API description's preview converts 1234 to "1234",
 * but no page states the rule.
 */
export function coerceToField(value: Value, field: JsonObject, path: string, rules: CoercionRules): Json {
  if (value === null) return null;
  const type = typeof field.type === "string" ? field.type : "object";
  const coerced = coercions[type]?.(value, field, path, rules);
  if (coerced === undefined) throw new TypeMismatch(path, value, xdmType(field, type));
  return coerced;
}

export type CoercionRules = Pick<PlatformSwitches, "numberInTextField">;
type Coercion = (value: Value, field: JsonObject, path: string, rules: CoercionRules) => Json | undefined;

const coercions: Readonly<Record<string, Coercion>> = {
  string: (value, field, _path, { numberInTextField }) => {
    if (field.format === "date-time") return dateText(value)?.toISOString();
    if (field.format === "date") return dateText(value)?.toISOString().slice(0, 10);
    if (value instanceof ZonedDateTime) return isoText(value);
    const isText = typeof value === "string" || (numberInTextField === "converts" && typeof value !== "object");
    return isText ? String(value) : undefined;
  },
  integer: (value) => {
    const number = numeric(value);
    return Number.isSafeInteger(number) ? number : undefined;
  },
  number: (value) => numeric(value),
  boolean: (value) => {
    if (typeof value === "boolean") return value;
    if (typeof value !== "string") return undefined;
    return trueWords.has(value) ? true : falseWords.has(value) ? false : undefined;
  },
  array: (value, field, path, rules) =>
    Array.isArray(value)
      ? value.map((item, index) => coerceToField(item, objectOf(field.items), `${path}[${index}]`, rules))
      : undefined,
  object: (value, field, path, rules) => (isValueObject(value) ? copyObject(value, field, path, rules) : undefined),
};

/** Copies the attributes of an object that the schema has; others are dropped. */
function copyObject(value: ValueObject, field: JsonObject, path: string, rules: CoercionRules): JsonObject {
  const result: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    const known = objectOf(field.properties)[name] ?? field.additionalProperties;
    if (item === undefined || item === null || !isObject(known)) continue;
    result[name] = coerceToField(item, known, `${path}.${name}`, rules);
  }
  return result;
}

function dateText(value: Value): Date | undefined {
  const time = typeof value === "string" ? readDate(value) : value;
  return time instanceof ZonedDateTime ? convert(time).toDate() : undefined;
}

function numeric(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function xdmType(field: JsonObject, type: string): string {
  return typeof field.format === "string" ? field.format : type;
}
