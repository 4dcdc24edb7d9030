import type { ValueKind } from "adobe-data-prep";
import type { SchemaField } from "./schema-fields.ts";
import type { Kinds } from "./value-kinds.ts";

/** The ISO 8601 pattern that Platform accepts for times (Data Prep's data handling page). */
const isoPattern = "yyyy-MM-dd'T'HH:mm:ss.SSSX";

/** A source that does not fit its field. */
export interface Misfit {
  /** What the source yields and what the field accepts. The caller adds the subject. */
  readonly reason: string;
  /** An expression that fits, if there is an obvious one. */
  readonly instead?: string;
}

/**
 * Why a value of these kinds does not fit a field; undefined if it does, or if that depends on the event. Platform refuses
 * a record with a mismatch of types (Adobe's streaming monitoring docs).
 *
 * @param text the source as an expression, from which a fitting one is made
 * @param attribute whether it is an unchanged attribute: a text of the event catalogue is never a number or a date, while an
 *   expression may yield one as text
 */
export function findMisfit(given: Kinds, field: SchemaField, text: string, attribute: boolean): Misfit | undefined {
  for (const kind of given) {
    if (fitsField(kind, field, attribute)) continue;
    const instead = conversion(kind, field, text);
    const reason = `gives ${kindNames[kind]}, but the field takes ${fieldName(field)}`;
    return instead === undefined ? { reason } : { reason, instead };
  }
  return undefined;
}

function fitsField(kind: ValueKind, field: SchemaField, attribute: boolean): boolean {
  if (kind === "any" || kind === "null" || field.type === "unknown") return true;
  switch (field.type) {
    case "string":
      return !["array", "string[]", "object"].includes(kind);
    case "date-time":
    case "date":
      return kind === "date-time" || kind === "date-text" || (kind === "string" && !attribute);
    case "integer":
      if (kind === "epoch-milliseconds") return (field.maximum ?? Number.POSITIVE_INFINITY) > 2 ** 41;
      return kind === "integer" || kind === "epoch-seconds";
    case "number":
      return ["integer", "number", "epoch-seconds", "epoch-milliseconds"].includes(kind);
    case "boolean":
      return kind === "boolean";
    case "array":
      return (
        kind === "array" || (kind === "string[]" && ["string", "unknown"].includes(field.items?.type ?? "unknown"))
      );
    case "object":
      return kind === "object";
  }
}

function conversion(kind: ValueKind, field: SchemaField, text: string): string | undefined {
  const isDate = field.type === "date-time" || field.type === "date";
  if (isDate && kind === "epoch-seconds") return `dformat(${text} * 1000, "${isoPattern}")`;
  if (isDate && kind === "epoch-milliseconds") return `dformat(${text}, "${isoPattern}")`;
  if (kind === "string" && field.type === "integer") return `to_integer(${text})`;
  if (kind === "string" && field.type === "number") return `to_decimal(${text})`;
  if (kind === "string[]" && field.type === "string") return `array_to_string(",", ${text})`;
  if (kind === "string" && field.type === "array") return `to_array(false, ${text})`;
  return undefined;
}

export const kindNames: Readonly<Record<ValueKind, string>> = {
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  "date-time": "a date",
  "date-text": "a date as text",
  "epoch-seconds": "a count of seconds since 1970",
  "epoch-milliseconds": "a count of milliseconds since 1970",
  "string[]": "a list of texts",
  array: "a list",
  object: "an object",
  null: "nothing",
  any: "anything",
};

function fieldName({ type, items }: SchemaField): string {
  switch (type) {
    case "string":
      return "a text";
    case "integer":
      return "a whole number";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "date-time":
      return "a date and time";
    case "date":
      return "a date";
    case "array":
      return items === undefined ? "a list" : `a list, each item ${fieldName(items)}`;
    case "object":
      return "an object";
    case "unknown":
      return "anything";
  }
}
