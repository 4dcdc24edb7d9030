import type { PathStep } from "./source-path.ts";

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||";
export type UnaryOperator = "-" | "!" | "~";

/** A parsed expression. `callProblems` checks whether its functions exist. */
export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | number | string }
  | { readonly kind: "array"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "attribute"; readonly steps: readonly PathStep[] }
  | { readonly kind: "call"; readonly function: string; readonly arguments: readonly Expression[] }
  /** The function that filterArray and transformArray apply to each item: `item -> lower(item.name)`. */
  | { readonly kind: "lambda"; readonly parameter: string; readonly body: Expression }
  | {
      readonly kind: "method";
      readonly name: MethodName;
      readonly target: Expression;
      readonly argument: Expression;
    }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

/** The methods on the functions page: for strings, and `get` for the result of `str_to_object`. */
export const methodNames = ["equals", "equalsIgnoreCase", "get"] as const;
export type MethodName = (typeof methodNames)[number];
