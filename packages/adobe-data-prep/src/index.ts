export { callProblems, subexpressions } from "./calls.ts";
export type { ValueKind } from "./function-entry.ts";
export * from "./functions/index.ts";
export { expressionProblems, pathProblem } from "./mapping-problems.ts";
export { parseExpression } from "./parser.ts";
export { formatPath, type PathStep, parsePath } from "./source-path.ts";
export { SyntaxProblem } from "./syntax-problem.ts";
export type { BinaryOperator, Expression, MethodName, UnaryOperator } from "./syntax-tree.ts";
