import { randomUUID } from "node:crypto";
import { TransformError, type Value } from "../value.ts";
import { any, compare, type MapperFunction, mapperFunction, show } from "./mapper-function.ts";

export const logicFunctions: readonly MapperFunction[] = [
  mapperFunction({
    names: ["decode"],
    category: "Logical operators",
    description: "Returns the value of the key if it is found in the list, or the default value at its end.",
    syntax: "decode(KEY, OPTIONS)",
    example: 'decode("ca", "ca", "California", "pa", "Pennsylvania", "N/A")',
    takes: [2, any],
    of: ([key = null, ...options]) => {
      for (let i = 0; i + 1 < options.length; i += 2) {
        if (compare(options[i] ?? null, key) === 0) return options[i + 1] ?? null;
      }
      return options.length % 2 === 1 ? (options.at(-1) ?? null) : null;
    },
  }),
  {
    names: ["iif"],
    category: "Logical operators",
    description: "Evaluates a given boolean expression and returns the specified value based on the result.",
    syntax: "iif(EXPRESSION, TRUE_VALUE, FALSE_VALUE)",
    example: 'iif("s".equalsIgnoreCase("S"), "True", "False")',
    arity: { minimum: 3, maximum: 3 },
    evaluate: ([test, whenTrue, whenFalse]) => (truth(test?.() ?? null) ? whenTrue : whenFalse)?.() ?? null,
  },
  mapperFunction({
    names: ["uuid", "guid"],
    category: "Special operations",
    description: "Generates a pseudo-random ID.",
    syntax: "uuid()",
    example: "uuid()",
    takes: 0,
    of: () => randomUUID(),
  }),
];

/** A condition is a boolean; anything else doesn't decide. */
export function truth(value: Value): boolean {
  if (typeof value !== "boolean") throw new TransformError(`${show(value)} is neither true nor false`);
  return value;
}
