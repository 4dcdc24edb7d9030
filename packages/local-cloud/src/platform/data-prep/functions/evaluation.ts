import { ZonedDateTime } from "@js-joda/core";
import { type EvaluationContext, isoText, isValueObject, TransformError, type Value } from "../value.ts";
import type { FunctionName } from "./signatures.ts";

/** An argument that is evaluated on demand; a lambda takes the item. */
export type Argument = (item?: Value) => Value;

/** Evaluates a function of Data Prep's expression language. */
export type Evaluation = (given: readonly Argument[], context: EvaluationContext) => Value;

export type Evaluations = Readonly<Partial<Record<FunctionName, Evaluation>>>;

/** A function that needs the values of all its arguments. */
export function eager(of: (values: readonly Value[], context: EvaluationContext) => Value): Evaluation {
  return (given, context) =>
    of(
      given.map((argument) => argument()),
      context,
    );
}

/** The text of a value; null has none. */
export function stringValueOf(value: Value | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value) || isValueObject(value)) throw new TransformError("An object or array is not a string");
  return value instanceof ZonedDateTime ? isoText(value) : String(value);
}

/** A function of strings: null if any of the given arguments is null. */
export function ofStrings(of: (...texts: string[]) => Value): (values: readonly Value[]) => Value {
  return (values) => {
    const texts = values.map(stringValueOf);
    return texts.every((text) => text !== undefined) ? of(...texts) : null;
  };
}

export function numberOf(value: Value | undefined): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) {
    throw new TransformError(`${valueText(value)} is not a number`);
  }
  return number;
}

export function arrayOf(value: Value | undefined): Value[] {
  if (!Array.isArray(value)) throw new TransformError(`${valueText(value)} is not an array`);
  return value;
}

/** Evaluates a condition, which must be a boolean. */
export function truthOf(value: Value): boolean {
  if (typeof value !== "boolean") throw new TransformError(`${valueText(value)} is neither true nor false`);
  return value;
}

/** Compares by natural order: numbers by size, anything else by its text. */
export function compare(left: Value, right: Value): number {
  if (left instanceof ZonedDateTime && right instanceof ZonedDateTime) {
    return left.toInstant().compareTo(right.toInstant());
  }
  const numbers = [left, right].map((value) => (typeof value === "string" ? Number(value || Number.NaN) : value));
  const [a, b] = numbers;
  const eitherIsNumber = typeof left === "number" || typeof right === "number";
  if (eitherIsNumber && typeof a === "number" && typeof b === "number" && !Number.isNaN(a - b)) return a - b;
  const [first, second] = [stringValueOf(left) ?? "", stringValueOf(right) ?? ""];
  return first === second ? 0 : first < second ? -1 : 1;
}

export function valueText(value: Value | undefined): string {
  return value === undefined ? "nothing" : value instanceof ZonedDateTime ? isoText(value) : JSON.stringify(value);
}
