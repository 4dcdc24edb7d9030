import didYouMean from "didyoumean2";
import { findFunction, functionNames } from "./functions/index.ts";
import type { Expression } from "./syntax-tree.ts";

/** A call in an expression that Data Prep would refuse. */
export interface CallProblem {
  /** `unknown`: not in Adobe's list of functions. Adobe extends that list from time to time. */
  readonly kind: "unknown" | "arguments";
  readonly message: string;
}

/** Finds mistakes in the calls of an expression, in source order. */
export function callProblems(expression: Expression): CallProblem[] {
  return subexpressions(expression).flatMap((part) => {
    if (part.kind !== "call") return [];
    const called = findFunction(part.function);
    if (called === undefined) return [unknown(part.function)];
    const { minimum, maximum } = called.arity;
    const given = part.arguments.length;
    if (given >= minimum && given <= maximum) return [];
    const message = `The function ${part.function} takes ${range(minimum, maximum)}, not ${given}: ${called.syntax}.`;
    return [{ kind: "arguments" as const, message }];
  });
}

function unknown(name: string): CallProblem {
  const meant = didYouMean(name, functionNames, { threshold: 0.6 }) ?? undefined;
  const suggestion = meant === undefined ? "." : `; did you mean ${meant}?`;
  return { kind: "unknown", message: `There is no function ${name}${suggestion}` };
}

function range(minimum: number, maximum: number): string {
  if (maximum === Number.POSITIVE_INFINITY) return minimum === 0 ? "any arguments" : `${count(minimum)} or more`;
  return minimum === maximum ? count(minimum) : `${minimum} to ${count(maximum)}`;
}

function count(number: number): string {
  return number === 0 ? "no arguments" : number === 1 ? "1 argument" : `${number} arguments`;
}

/** An expression and all its subexpressions, from left to right. */
export function subexpressions(expression: Expression): Expression[] {
  return [expression, ...children(expression).flatMap(subexpressions)];
}

function children(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "literal":
    case "attribute":
      return [];
    case "array":
      return expression.items;
    case "map":
      return expression.entries.flat();
    case "call":
      return expression.arguments;
    case "lambda":
      return [expression.body];
    case "method":
      return [expression.target, expression.argument];
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
  }
}
