import { randomUUID } from "node:crypto";
import { compare, type Evaluations, eager, truthOf } from "./evaluation.ts";

export const logicEvaluations = {
  decode: eager(([key = null, ...options]) => {
    for (let i = 0; i + 1 < options.length; i += 2) {
      if (compare(options[i] ?? null, key) === 0) return options[i + 1] ?? null;
    }
    return options.length % 2 === 1 ? (options.at(-1) ?? null) : null;
  }),
  iif: ([test, whenTrue, whenFalse]) => (truthOf(test?.() ?? null) ? whenTrue : whenFalse)?.() ?? null,
  uuid: eager(() => randomUUID()),
} satisfies Evaluations;
