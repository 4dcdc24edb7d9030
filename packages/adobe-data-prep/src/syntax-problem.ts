/** An expression or path that can't be read. */
export class SyntaxProblem extends Error {}
