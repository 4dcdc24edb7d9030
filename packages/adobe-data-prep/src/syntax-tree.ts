import type { PathStep } from "./source-path.ts";

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||";
export type UnaryOperator = "-" | "!" | "~";

/** An expression that was read. Whether its functions exist is for `callProblems` to say. */
export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | number | string }
  | { readonly kind: "array"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "attribute"; readonly steps: readonly PathStep[] }
  | { readonly kind: "call"; readonly function: string; readonly arguments: readonly Expression[] }
  /** What filterArray and transformArray do with each item: `item -> lower(item.name)`. */
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

/** The methods that the functions page shows: on strings, and `get` on what `str_to_object` answers. */
export const methodNames = ["equals", "equalsIgnoreCase", "get"] as const;
export type MethodName = (typeof methodNames)[number];
