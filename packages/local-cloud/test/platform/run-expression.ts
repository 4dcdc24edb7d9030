import { ZonedDateTime } from "@js-joda/core";
import { compileExpression } from "../../src/platform/data-prep/language/expression.ts";
import { isoText } from "../../src/platform/data-prep/value.ts";
import type { Json, JsonObject } from "../../src/platform/web/json.ts";

/** The result of an expression for an event, as JSON. */
export function runExpression(expression: string, event: JsonObject = {}, now = 0): Json {
  const value = compileExpression(expression)({ source: event, now });
  return value instanceof ZonedDateTime ? isoText(value) : (JSON.parse(JSON.stringify(value)) as Json);
}
