import { compare, numberOf, stringValueOf, truthOf, valueText } from "../functions/evaluation.ts";
import { type EvaluationContext, isValueObject, TransformError, type Value } from "../value.ts";

/** A compiled part of an expression. */
export type Compiled = (context: EvaluationContext) => Value;

interface InfixOperator {
  /** Precedence: higher binds tighter. */
  readonly power: number;
  readonly join: (left: Compiled, right: Compiled) => Compiled;
}

const and: InfixOperator = {
  power: 2,
  join: (left, right) => (event) => truthOf(left(event)) && truthOf(right(event)),
};
const or: InfixOperator = { power: 1, join: (left, right) => (event) => truthOf(left(event)) || truthOf(right(event)) };
const equals = comparison(3, areEqual);
const differs = comparison(3, (left, right) => !areEqual(left, right));
const isLess = comparison(4, (left, right) => order(left, right) < 0);
const isAtMost = comparison(4, (left, right) => order(left, right) <= 0);
const isMore = comparison(4, (left, right) => order(left, right) > 0);
const isAtLeast = comparison(4, (left, right) => order(left, right) >= 0);
const add = calculation(5, "+", (left, right) => left + right);
const subtract = calculation(5, "-", (left, right) => left - right);
const multiply = calculation(6, "*", (left, right) => left * right);
// JEXL divides whole numbers to a whole number.
const divide = calculation(6, "/", (left, right) => {
  const quotient = left / divisor(right);
  return Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(quotient) : quotient;
});
const modulo = calculation(6, "%", (left, right) => left % divisor(right));

/** The operators between two values, by their sign and by their word. */
export const infixOperators: ReadonlyMap<string, InfixOperator> = new Map([
  ["||", or],
  ["or", or],
  ["&&", and],
  ["and", and],
  ["==", equals],
  ["eq", equals],
  ["!=", differs],
  ["ne", differs],
  ["<", isLess],
  ["lt", isLess],
  ["<=", isAtMost],
  ["le", isAtMost],
  [">", isMore],
  ["gt", isMore],
  [">=", isAtLeast],
  ["ge", isAtLeast],
  ["+", add],
  ["-", subtract],
  ["*", multiply],
  ["/", divide],
  ["div", divide],
  ["%", modulo],
  ["mod", modulo],
]);

/** The operators before a value, by their sign and by their word. */
export const prefixOperators: ReadonlyMap<string, (value: Value) => Value> = new Map<string, (value: Value) => Value>([
  ["!", (value) => !truthOf(value)],
  ["not", (value) => !truthOf(value)],
  ["-", (value) => -numberOf(value)],
  ["~", (value) => ~numberOf(value)],
]);

/** The methods that the functions page shows: on strings, and `get` on what `str_to_object` answers. */
export const methods: ReadonlyMap<string, (target: Value, argument: Value) => Value> = new Map<
  string,
  (target: Value, argument: Value) => Value
>([
  ["equals", (target, argument) => stringValueOf(target) === stringValueOf(argument)],
  [
    "equalsIgnoreCase",
    (target, argument) => stringValueOf(target)?.toLowerCase() === stringValueOf(argument)?.toLowerCase(),
  ],
  [
    "get",
    (target, argument) => {
      if (!isValueObject(target)) throw new TransformError(`${valueText(target)} is not an object`);
      return target[stringValueOf(argument) ?? ""] ?? null;
    },
  ],
]);

function comparison(power: number, holds: (left: Value, right: Value) => boolean): InfixOperator {
  return { power, join: (left, right) => (event) => holds(left(event), right(event)) };
}

function calculation(power: number, sign: string, calculate: (left: number, right: number) => number): InfixOperator {
  const join = (left: Compiled, right: Compiled) => (event: EvaluationContext) => {
    const [a, b] = [left(event), right(event)];
    if (event.arithmetic === "fails") throw new TransformError(`The operator ${sign} is not supported`);
    if (a === null || b === null) throw new TransformError(`null can't be an operand of ${sign}`);
    // JEXL adds operands that can be read as numbers, and concatenates others as text.
    if (sign === "+" && (isWord(a) || isWord(b))) return `${stringValueOf(a)}${stringValueOf(b)}`;
    return calculate(numberOf(a), numberOf(b));
  };
  return { power, join };
}

function isWord(value: Value): boolean {
  return typeof value === "string" && Number.isNaN(Number(value));
}

function divisor(value: number): number {
  if (value === 0) throw new TransformError("Division by zero");
  return value;
}

function areEqual(left: Value, right: Value): boolean {
  if (left === null || right === null) return left === right;
  if (typeof left === "object" || typeof right === "object") return JSON.stringify(left) === JSON.stringify(right);
  return compare(left, right) === 0;
}

function order(left: Value, right: Value): number {
  if (left === null || right === null) throw new TransformError("null can't be compared");
  return compare(left, right);
}
