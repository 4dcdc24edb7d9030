import type { BinaryOperator, Expression, MethodName, UnaryOperator } from "adobe-data-prep";
import { findFunction, formatPath } from "adobe-data-prep";
import type { Json } from "../json.ts";
import { type Argument, compare, numberOf, show, textOf } from "./functions/evaluation.ts";
import { evaluationOf } from "./functions/index.ts";
import { truth } from "./functions/logic.ts";
import { readPath } from "./read-path.ts";
import {
  type EvaluationContext,
  isValueObject,
  MissingAttribute,
  TransformError,
  type Value,
  type ValueObject,
} from "./value.ts";

/**
 * Works out an expression for one event. Throws a MissingAttribute for a path that the event lacks, a TransformError for all
 * other trouble.
 */
export function evaluate(expression: Expression, context: EvaluationContext): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "attribute": {
      const value = readPath(context.source, expression.steps);
      if (value === undefined) throw new MissingAttribute(formatPath(expression.steps));
      return value;
    }
    case "array":
      return expression.items.map((item) => evaluate(item, context));
    case "map": {
      const result: ValueObject = {};
      for (const [key, value] of expression.entries) {
        result[textOf(evaluate(key, context)) ?? ""] = evaluate(value, context);
      }
      return result;
    }
    case "call": {
      const called = findFunction(expression.function);
      const evaluation = called && evaluationOf(called.name);
      if (evaluation === undefined) throw new Error(`readExpression lets the function ${expression.function} pass`);
      const given = expression.arguments.map((argument) => argumentOf(argument, context));
      return guarded(() => evaluation(given, context));
    }
    case "lambda":
      throw new TransformError("Only filterArray and transformArray take an expression with ->");
    case "method":
      return callMethod(expression.name, evaluate(expression.target, context), evaluate(expression.argument, context));
    case "unary":
      return applyUnary(expression.operator, evaluate(expression.operand, context));
    case "binary":
      return applyBinary(
        expression.operator,
        () => evaluate(expression.left, context),
        () => evaluate(expression.right, context),
        context,
      );
  }
}

function argumentOf(argument: Expression, context: EvaluationContext): Argument {
  if (argument.kind !== "lambda") return () => evaluate(argument, context);
  const { parameter, body } = argument;
  return (item) => {
    if (item === undefined) throw new TransformError("Only filterArray and transformArray take an expression with ->");
    return evaluate(body, { ...context, source: { ...context.source, [parameter]: item as Json } });
  };
}

/** What a function can't do with its arguments (a bad regular expression, bad JSON) is a transformation error. */
function guarded(call: () => Value): Value {
  try {
    return call();
  } catch (error) {
    if (error instanceof MissingAttribute || error instanceof TransformError) throw error;
    throw new TransformError(error instanceof Error ? error.message : String(error));
  }
}

function callMethod(name: MethodName, target: Value, argument: Value): Value {
  if (target === null) throw new TransformError(`null has no method ${name}`);
  if (name === "get") {
    if (!isValueObject(target)) throw new TransformError(`${show(target)} is not an object`);
    return target[textOf(argument) ?? ""] ?? null;
  }
  const [left, right] = [textOf(target), textOf(argument)];
  return name === "equals" ? left === right : left?.toLowerCase() === right?.toLowerCase();
}

function applyUnary(operator: UnaryOperator, value: Value): Value {
  if (operator === "!") return !truth(value);
  return operator === "-" ? -numberOf(value) : ~numberOf(value);
}

function applyBinary(
  operator: BinaryOperator,
  left: () => Value,
  right: () => Value,
  { arithmetic }: EvaluationContext,
): Value {
  if (operator === "&&") return truth(left()) && truth(right());
  if (operator === "||") return truth(left()) || truth(right());
  const [a, b] = [left(), right()];
  switch (operator) {
    case "==":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "<":
      return ordered(a, b) < 0;
    case "<=":
      return ordered(a, b) <= 0;
    case ">":
      return ordered(a, b) > 0;
    case ">=":
      return ordered(a, b) >= 0;
    default:
      if (arithmetic === "fails") throw new TransformError(`The operator ${operator} is not supported`);
      return calculate(operator, a, b);
  }
}

function equal(left: Value, right: Value): boolean {
  if (left === null || right === null) return left === right;
  if (typeof left === "object" || typeof right === "object") return JSON.stringify(left) === JSON.stringify(right);
  return compare(left, right) === 0;
}

function ordered(left: Value, right: Value): number {
  if (left === null || right === null) throw new TransformError("null can't be compared");
  return compare(left, right);
}

/** Whole numbers divide to whole numbers, and `+` joins strings that aren't numbers: the rules of JEXL, whose keywords these are. */
function calculate(operator: "+" | "-" | "*" | "/" | "%", left: Value, right: Value): Value {
  if (left === null || right === null) throw new TransformError(`null can't be an operand of ${operator}`);
  if (operator === "+" && [left, right].some((value) => typeof value === "string" && Number.isNaN(Number(value)))) {
    return `${textOf(left)}${textOf(right)}`;
  }
  const [a, b] = [numberOf(left), numberOf(right)];
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    default: {
      if (b === 0) throw new TransformError("Division by zero");
      if (operator === "%") return a % b;
      return Number.isInteger(a) && Number.isInteger(b) ? Math.trunc(a / b) : a / b;
    }
  }
}
