import { callProblems } from "./calls.ts";
import { parseExpression } from "./parser.ts";
import { parsePath } from "./source-path.ts";
import { SyntaxProblem } from "./syntax-problem.ts";
import type { Expression } from "./syntax-tree.ts";

/** Why the source or destination of a mapping can't be read; undefined if it can. */
export function pathProblem(path: string): string | undefined {
  return problemOf(() => parsePath(path));
}

/**
 * Finds mistakes in an expression by itself, without knowing the source or the schema.
 *
 * Functions that are not in Adobe's list are reported separately: Adobe adds functions, so a caller may treat them as warnings
 * or as mistakes.
 */
export function expressionProblems(text: string): { readonly mistakes: string[]; readonly unknownFunctions: string[] } {
  let expression: Expression;
  try {
    expression = parseExpression(text);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { mistakes: [`This expression can't be parsed: ${error.message}`], unknownFunctions: [] };
  }
  const problems = callProblems(expression);
  const messages = (kind: "unknown" | "arguments") =>
    problems.filter((problem) => problem.kind === kind).map(({ message }) => message);
  return { mistakes: messages("arguments"), unknownFunctions: messages("unknown") };
}

function problemOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}
