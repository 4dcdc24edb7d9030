import type { Expression, ValueKind } from "adobe-data-prep";
import { findFunction } from "adobe-data-prep";
import type { SourceFields } from "./source-fields.ts";

/** The possible kinds of an expression's value; several if it depends on the event. */
export type Kinds = ReadonlySet<ValueKind>;

/** Infers the kinds of an expression's value; `any` if it depends on the event. */
export function kindsOf(expression: Expression, sources: SourceFields): Kinds {
  const of = (part: Expression) => kindsOf(part, sources);
  switch (expression.kind) {
    case "literal":
      return kinds(literalKind(expression.value));
    case "attribute":
      return kinds(sources.kind(expression.steps) ?? "any");
    case "array":
      return kinds(expression.items.every((item) => hasOnly(of(item), "string")) ? "string[]" : "array");
    case "map":
      return kinds("object");
    case "lambda":
      return kinds("any");
    case "method":
      return kinds(expression.name === "get" ? "any" : "boolean");
    case "unary":
      return kinds(expression.operator === "!" ? "boolean" : arithmetic(of(expression.operand)));
    case "binary":
      return binaryKinds(expression, of);
    case "call":
      return callKinds(expression, of);
  }
}

/** Whether the value, unless null, is certainly of one of these kinds. */
export function hasOnly(given: Kinds, ...wanted: ValueKind[]): boolean {
  return [...given].every((kind) => kind === "null" || wanted.includes(kind));
}

function kinds(...given: ValueKind[]): Kinds {
  return new Set(given);
}

function literalKind(value: null | boolean | number | string): ValueKind {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  return Number.isInteger(value) ? "integer" : "number";
}

function callKinds(call: Extract<Expression, { kind: "call" }>, of: (part: Expression) => Kinds): Kinds {
  const returns = findFunction(call.function)?.returns ?? "any";
  if (returns !== "arguments") return kinds(returns);
  const candidates = call.function === "iif" ? call.arguments.slice(1) : call.arguments;
  const given = new Set(candidates.flatMap((argument) => [...of(argument)]));
  // With one array as argument, it returns an item.
  return given.has("array") || given.has("string[]") ? kinds("any") : given;
}

function binaryKinds(
  { operator, left, right }: Extract<Expression, { kind: "binary" }>,
  of: (part: Expression) => Kinds,
): Kinds {
  if (!["+", "-", "*", "/", "%"].includes(operator)) return kinds("boolean");
  const [a, b] = [of(left), of(right)];
  if (operator === "*" && isThousand(right) && a.has("epoch-seconds")) return kinds("epoch-milliseconds");
  if (operator === "*" && isThousand(left) && b.has("epoch-seconds")) return kinds("epoch-milliseconds");
  if (operator === "/" && isThousand(right) && a.has("epoch-milliseconds")) return kinds("epoch-seconds");
  if (operator === "+" || operator === "-") {
    // A shifted time is still a time.
    if (hasOnly(a, "epoch-seconds", "epoch-milliseconds") && hasOnly(b, "integer")) return a;
    if (operator === "+" && [...a, ...b].some((kind) => kind === "string" || kind === "date-text")) {
      return kinds("string");
    }
  }
  const both = [arithmetic(a), arithmetic(b)];
  if (both.includes("any")) return kinds("any");
  return kinds(both.includes("number") ? "number" : "integer");
}

function isThousand(expression: Expression): boolean {
  return expression.kind === "literal" && expression.value === 1000;
}

/** The kind of an operand in arithmetic: a text may hold any number. */
function arithmetic(operand: Kinds): ValueKind {
  if (hasOnly(operand, "integer", "epoch-seconds", "epoch-milliseconds")) return "integer";
  return hasOnly(operand, "integer", "number", "epoch-seconds", "epoch-milliseconds") ? "number" : "any";
}
