import { findFunction } from "./functions/index.ts";
import type { PathStep } from "./source-path.ts";
import { SyntaxProblem } from "./syntax-problem.ts";
import { type BinaryOperator, type Expression, type MethodName, methodNames } from "./syntax-tree.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Maximum characters of a calculated field (Data Prep troubleshooting guide). */
const maximumExpressionLength = 4096;

/** Reserved keywords (Data Prep functions page, "Fields"); so are the names of all functions. */
const keywords = new Set(
  "new mod or break var lt for false while eq gt div not null continue else and ne true le if ge return _errors do function empty size".split(
    " ",
  ),
);

/** Operators by precedence, lowest first, with their keyword forms. */
const precedence: readonly Readonly<Record<string, BinaryOperator>>[] = [
  { "||": "||", or: "||" },
  { "&&": "&&", and: "&&" },
  { "==": "==", eq: "==", "!=": "!=", ne: "!=" },
  { "<": "<", lt: "<", "<=": "<=", le: "<=", ">": ">", gt: ">", ">=": ">=", ge: ">=" },
  { "+": "+", "-": "-" },
  { "*": "*", "/": "/", div: "/", "%": "%", mod: "%" },
];

/** Parses an expression; throws a SyntaxProblem. It does not check the called functions: see `callProblems`. */
export function parseExpression(text: string): Expression {
  if (text.length > maximumExpressionLength) {
    throw new SyntaxProblem(`An expression may have at most ${maximumExpressionLength} characters, not ${text.length}`);
  }
  const parser = new Parser(tokenize(text));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#binary(0);
    if (this.#token.kind !== "end") throw this.#problem();
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#position] ?? { kind: "end" };
  }

  #binary(level: number): Expression {
    const operators = precedence[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const token = this.#token;
      const word = token.kind === "symbol" ? token.text : token.kind === "name" ? token.name : "";
      const operator = Object.hasOwn(operators, word) ? operators[word] : undefined;
      if (operator === undefined) return left;
      this.#position += 1;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    if (this.#accept("-")) return { kind: "unary", operator: "-", operand: this.#unary() };
    if (this.#accept("~")) return { kind: "unary", operator: "~", operand: this.#unary() };
    const token = this.#token;
    const isNot = token.kind === "name" && token.name === "not";
    if (isNot) this.#position += 1;
    if (isNot || this.#accept("!")) return { kind: "unary", operator: "!", operand: this.#unary() };
    return this.#methods(this.#primary());
  }

  #methods(target: Expression): Expression {
    let expression = target;
    while (this.#accept(".")) {
      const token = this.#next();
      const name = token.kind === "name" ? methodNames.find((method) => method === token.name) : undefined;
      if (name === undefined) throw new SyntaxProblem(`There is no method ${describe(token)}`);
      expression = this.#method(name, expression);
    }
    return expression;
  }

  #method(name: MethodName, target: Expression): Expression {
    this.#expect("(");
    const [argument, ...others] = this.#list(")");
    if (argument === undefined || others.length > 0) throw new SyntaxProblem(`The method ${name} takes one argument`);
    return { kind: "method", name, target, argument };
  }

  #primary(): Expression {
    const token = this.#next();
    if (token.kind === "number" || token.kind === "string") return { kind: "literal", value: token.value };
    if (token.kind === "path") return this.#attribute([...token.steps]);
    if (token.kind === "name") return this.#parseName(token.name);
    if (token.kind === "symbol" && token.text === "(") {
      const inner = this.#binary(0);
      this.#expect(")");
      return inner;
    }
    if (token.kind === "symbol" && token.text === "[") return { kind: "array", items: this.#list("]") };
    if (token.kind === "symbol" && token.text === "{") return { kind: "map", entries: this.#entries() };
    this.#position -= 1;
    throw this.#problem();
  }

  #parseName(name: string): Expression {
    if (name === "null") return { kind: "literal", value: null };
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true" };
    if (this.#accept("(")) return { kind: "call", function: name, arguments: this.#list(")") };
    if (this.#accept("->")) return { kind: "lambda", parameter: plainName(name), body: this.#binary(0) };
    return this.#attribute([{ kind: "field", name: plainName(name) }]);
  }

  /** The rest of a path. It ends before a method, which is a name followed by a parenthesis. */
  #attribute(steps: PathStep[]): Expression {
    for (;;) {
      const [dot, next, after] = this.#tokens.slice(this.#position, this.#position + 3);
      if (isSymbol(dot, "[")) {
        this.#position += 1;
        steps.push(this.#bracket());
      } else if (isSymbol(dot, ".") && next?.kind === "path") {
        this.#position += 2;
        steps.push(...next.steps);
      } else if (isSymbol(dot, ".") && next?.kind === "name" && !isSymbol(after, "(")) {
        this.#position += 2;
        steps.push({ kind: "field", name: plainName(next.name) });
      } else {
        return { kind: "attribute", steps };
      }
    }
  }

  #bracket(): PathStep {
    const token = this.#next();
    this.#expect("]");
    if (isSymbol(token, "*")) return { kind: "items" };
    if (token.kind === "number" && Number.isInteger(token.value)) return { kind: "item", index: token.value };
    throw new SyntaxProblem(`An index must be a whole number or *, not ${describe(token)}`);
  }

  #list(close: string): Expression[] {
    const items: Expression[] = [];
    if (this.#accept(close)) return items;
    do items.push(this.#binary(0));
    while (this.#accept(","));
    this.#expect(close);
    return items;
  }

  #entries(): [Expression, Expression][] {
    const entries: [Expression, Expression][] = [];
    if (this.#accept("}")) return entries;
    do {
      const key = this.#binary(0);
      this.#expect(":");
      entries.push([key, this.#binary(0)]);
    } while (this.#accept(","));
    this.#expect("}");
    return entries;
  }

  #next(): Token {
    const token = this.#token;
    this.#position += 1;
    return token;
  }

  #accept(text: string): boolean {
    const isNext = isSymbol(this.#token, text);
    if (isNext) this.#position += 1;
    return isNext;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw new SyntaxProblem(`Expected "${text}" instead of ${describe(this.#token)}`);
  }

  #problem(): SyntaxProblem {
    return new SyntaxProblem(`Unexpected ${describe(this.#token)}`);
  }
}

function isSymbol(token: Token | undefined, text: string): boolean {
  return token?.kind === "symbol" && token.text === text;
}

/** A field's name without escapes; reserved words must be wrapped. */
function plainName(name: string): string {
  if (keywords.has(name) || findFunction(name) !== undefined) {
    throw new SyntaxProblem(`${name} is a reserved word: write \${${name}} for the field of that name`);
  }
  return name.replaceAll(/\\(.)/g, "$1");
}

function describe(token: Token): string {
  if (token.kind === "end") return "the end";
  if (token.kind === "symbol") return `"${token.text}"`;
  if (token.kind === "name") return `"${token.name}"`;
  return token.kind === "path" ? "a path" : JSON.stringify(token.value);
}
