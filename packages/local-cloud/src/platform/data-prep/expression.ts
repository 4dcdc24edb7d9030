import type { Expression } from "adobe-data-prep";
import { callProblems, findFunction, parseExpression, SyntaxProblem, subexpressions } from "adobe-data-prep";
import { evaluationOf } from "./functions/index.ts";

/** Reads an expression that can be worked out here; throws a SyntaxProblem for bad syntax and for bad calls. */
export function readExpression(text: string): Expression {
  const expression = parseExpression(text);
  const [problem] = callProblems(expression);
  if (problem !== undefined) throw new SyntaxProblem(problem.message);
  for (const part of subexpressions(expression)) {
    const called = part.kind === "call" ? findFunction(part.function) : undefined;
    if (called && evaluationOf(called.name) === undefined) {
      throw new SyntaxProblem(`The stand-in lacks the function ${called.name}`);
    }
  }
  return expression;
}
