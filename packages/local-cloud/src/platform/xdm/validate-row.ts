import { isObject, itemsOf, type Json, type JsonObject, objectOf, stringsOf } from "../web/json.ts";
import type { ComposedSchema } from "./compose.ts";
import { isDate, parseDateTime } from "./date-time.ts";

export interface RowRules {
  /** Paths of property names of the primary identity, if the schema has one: such a field is mandatory. */
  readonly primaryIdentity: readonly string[] | undefined;
  /** A time series: its timestamp must be in the past. */
  readonly timeSeries: boolean;
  /** Whether an identity that identifies nobody makes the row invalid. */
  readonly usableIdentities: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Why the data lake refuses a row, in the words of Adobe's streaming validation page: presence, type, format, range,
 * enum and pattern, fields that the schema lacks, and the rules for time series and primary identities. Empty if it is valid.
 */
export function rowViolations(schema: ComposedSchema, row: JsonObject, rules: RowRules): string[] {
  const violations: string[] = [];
  checkObject(schema, row, "#", violations);
  if (rules.timeSeries && typeof row.timestamp === "string") {
    const time = parseDateTime(row.timestamp);
    if (time !== undefined && time > rules.now) {
      violations.push(`#/timestamp: [${row.timestamp}] is not in the past`);
    }
  }
  if (rules.primaryIdentity !== undefined) {
    const identity = valueAt(row, rules.primaryIdentity);
    if (identity === undefined || identity === null || identity === "") {
      violations.push(`#: required key [${rules.primaryIdentity.join("/")}] not found: it is the primary identity`);
    }
  }
  if (rules.usableIdentities) checkIdentities(row.identityMap, violations);
  return violations;
}

/** Values that identify nobody according to Adobe's identity guardrails, and the maximum length. */
const placeholders = new Set(["", "null", "anonymous", "invalid"]);
const longestIdentity = 1024;

function checkIdentities(identityMap: Json | undefined, violations: string[]): void {
  for (const [namespace, identities] of Object.entries(objectOf(identityMap))) {
    for (const [index, identity] of itemsOf(identities).entries()) {
      const { id } = objectOf(identity);
      const text = typeof id === "string" ? id.trim() : "";
      if (!placeholders.has(text.toLowerCase()) && text.length <= longestIdentity) continue;
      violations.push(`#/identityMap/${namespace}/${index}/id: [${String(id).slice(0, 40)}] identifies nobody`);
    }
  }
}

function valueAt(row: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = row;
  for (const name of path) value = objectOf(value)[name];
  return value;
}

function checkObject(field: JsonObject, value: JsonObject, path: string, violations: string[]): void {
  for (const name of stringsOf(field.required)) {
    if (value[name] === undefined || value[name] === null) violations.push(`${path}: required key [${name}] not found`);
  }
  for (const [name, item] of Object.entries(value)) {
    const known = objectOf(field.properties)[name] ?? field.additionalProperties;
    if (isObject(known)) checkValue(known, item, `${path}/${name}`, violations);
    else violations.push(`${path}: extraneous key [${name}] is not permitted`);
  }
}

function checkValue(field: JsonObject, value: Json | undefined, path: string, violations: string[]): void {
  if (value === null || value === undefined) return;
  const expected = typeof field.type === "string" ? field.type : "object";
  const found = typeName(value);
  const fits = expected === found || (expected === "number" && found === "integer");
  if (!fits) {
    violations.push(`${path}: expected type: ${javaName(expected)}, found: ${javaName(found)}`);
    return;
  }
  if (isObject(value)) checkObject(field, value, path, violations);
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      checkValue(objectOf(field.items), item, `${path}/${index}`, violations);
    }
  } else checkScalar(field, value, path, violations);
}

function checkScalar(field: JsonObject, value: Json, path: string, violations: string[]): void {
  if (field.enum !== undefined && !itemsOf(field.enum).includes(value)) {
    violations.push(`${path}: [${String(value)}] is not a valid enum value`);
  }
  if (typeof value === "number") {
    if (typeof field.minimum === "number" && value < field.minimum) {
      violations.push(`${path}: ${value} is not greater or equal to ${field.minimum}`);
    }
    if (typeof field.maximum === "number" && value > field.maximum) {
      violations.push(`${path}: ${value} is not less or equal to ${field.maximum}`);
    }
  }
  if (typeof value !== "string") return;
  if (field.format === "date-time" && parseDateTime(value) === undefined) {
    violations.push(
      `${path}: [${value}] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z]`,
    );
  }
  if (field.format === "date" && !isDate(value)) violations.push(`${path}: [${value}] is not a valid date`);
  if (typeof field.pattern === "string" && !new RegExp(field.pattern).test(value)) {
    violations.push(`${path}: string [${value}] does not match pattern ${field.pattern}`);
  }
  if (typeof field.minLength === "number" && value.length < field.minLength) {
    violations.push(`${path}: expected minLength: ${field.minLength}, actual: ${value.length}`);
  }
  if (typeof field.maxLength === "number" && value.length > field.maxLength) {
    violations.push(`${path}: expected maxLength: ${field.maxLength}, actual: ${value.length}`);
  }
}

function typeName(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

const javaNames: Readonly<Record<string, string>> = {
  array: "JSONArray",
  boolean: "Boolean",
  integer: "Long",
  number: "Number",
  object: "JSONObject",
  string: "String",
};

function javaName(type: string): string {
  return javaNames[type] ?? type;
}
