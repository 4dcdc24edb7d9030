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
 * What is wrong with an expression by itself, without knowing the source or the schema.
 *
 * A function that is not in Adobe's list is reported apart from the mistakes: Adobe adds functions, so a caller may treat it as a warning
 * or as a mistake.
 */
export function expressionProblems(text: string): { readonly mistakes: string[]; readonly unknownFunctions: string[] } {
  let expression: Expression;
  try {
    expression = parseExpression(text);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { mistakes: [`This expression can't be read: ${error.message}`], unknownFunctions: [] };
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
