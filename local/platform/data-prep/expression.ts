import { callProblems, subexpressions } from "../../../providers/aep/data-prep/calls.ts";
import { findFunction } from "../../../providers/aep/data-prep/functions/index.ts";
import { parseExpression } from "../../../providers/aep/data-prep/parser.ts";
import { SyntaxProblem } from "../../../providers/aep/data-prep/syntax-problem.ts";
import type { Expression } from "../../../providers/aep/data-prep/syntax-tree.ts";
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
