import type { Json } from "../../web/json.ts";
import { type Argument, stringValueOf } from "../functions/evaluation.ts";
import { findFunction } from "../functions/index.ts";
import { type EvaluationContext, MissingAttribute, TransformError, type Value } from "../value.ts";
import { type Compiled, infixOperators, methods, prefixOperators } from "./operations.ts";
import { everyItem, readPath, type Step, showPath, valueAt } from "./path.ts";
import { splitTokens, type Token } from "./tokens.ts";
import { Unreadable } from "./unreadable.ts";

/** Maximum characters of a calculated field (Data Prep troubleshooting guide). */
const maximumLength = 4096;

/** Words that can't be field names without wrapping (Data Prep functions page, "Fields"); function names are reserved too. */
const reserved = new Set(
  `new mod or break var lt for false while eq gt div not null continue else and ne true le if ge return _errors do function
   empty size`.split(/\s+/),
);

/**
 * Compiles an expression, to be evaluated for each event. Throws Unreadable for what Data Prep refuses: bad syntax, an unknown
 * function or wrong arguments; and for functions that this stand-in lacks. The evaluation throws a
 * MissingAttribute for a path that the event lacks, and a TransformError for any other problem.
 */
export function compileExpression(text: string): Compiled {
  if (text.length > maximumLength) {
    throw new Unreadable(`An expression may have ${maximumLength} characters, not ${text.length}`);
  }
  return new ExpressionReader(splitTokens(text)).readAll();
}

/** The part read so far: a value, a path that may continue, or a lambda for the items of an array. */
type Part =
  | { readonly kind: "value"; readonly value: Compiled }
  | { readonly kind: "path"; readonly path: readonly Step[] }
  | { readonly kind: "lambda"; readonly parameter: string; readonly body: Compiled };

/** A parser by operator precedence: each operator takes everything with a higher precedence on its right. */
class ExpressionReader {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  readAll(): Compiled {
    const value = compile(this.#read(0));
    if (this.#peek().kind !== "end") throw unexpectedToken(this.#peek());
    return value;
  }

  #read(power: number): Part {
    let left = this.#operand();
    for (;;) {
      const operator = infixOperators.get(operatorText(this.#peek()));
      if (operator === undefined || operator.power <= power) return left;
      this.#take();
      left = { kind: "value", value: operator.join(compile(left), compile(this.#read(operator.power))) };
    }
  }

  #operand(): Part {
    const apply = prefixOperators.get(operatorText(this.#peek()));
    if (apply !== undefined) {
      this.#take();
      const operand = compile(this.#operand());
      return { kind: "value", value: (event) => apply(operand(event)) };
    }
    return this.#parseSuffixes(this.#start());
  }

  #start(): Part {
    const token = this.#take();
    if (token.kind === "number") return constant(Number(token.text));
    if (token.kind === "string") return constant(token.text);
    if (token.kind === "wrapped") return { kind: "path", path: readPath(token.text) };
    if (token.kind === "word") return this.#parseName(token.text);
    if (token.text === "(") {
      const inner = compile(this.#read(0));
      this.#expect(")");
      return { kind: "value", value: inner };
    }
    if (token.text === "[") {
      const items = this.#parseList("]").map(compile);
      return { kind: "value", value: (event) => items.map((item) => item(event)) };
    }
    if (token.text === "{") return this.#map();
    throw unexpectedToken(token);
  }

  #parseName(word: string): Part {
    if (word === "null") return constant(null);
    if (word === "true" || word === "false") return constant(word === "true");
    if (this.#accept("(")) return call(word, this.#parseList(")"));
    const name = fieldName(word);
    if (!this.#accept("->")) return { kind: "path", path: [name] };
    return { kind: "lambda", parameter: name, body: compile(this.#read(0)) };
  }

  /** The fields, indices and methods behind a value. */
  #parseSuffixes(start: Part): Part {
    let part = start;
    for (;;) {
      if (part.kind === "path" && this.#accept("[")) part = { kind: "path", path: [...part.path, this.#index()] };
      else if (this.#accept(".")) part = this.#member(part);
      else return part;
    }
  }

  #member(of: Part): Part {
    const token = this.#take();
    const isMethod = token.kind === "word" && this.#accept("(");
    if (of.kind === "path" && !isMethod) {
      if (token.kind === "wrapped") return { kind: "path", path: [...of.path, ...readPath(token.text)] };
      if (token.kind === "word") return { kind: "path", path: [...of.path, fieldName(token.text)] };
    }
    const method = token.kind === "word" ? methods.get(token.text) : undefined;
    if (method === undefined) throw new Unreadable(`There is no method ${show(token)}`);
    if (!isMethod) throw unexpectedToken(this.#peek());
    const [argument, ...others] = this.#parseList(")").map(compile);
    if (argument === undefined || others.length > 0) {
      throw new Unreadable(`The method ${token.text} takes one argument`);
    }
    const target = compile(of);
    const value = (event: EvaluationContext) => {
      const receiver = target(event);
      if (receiver === null) throw new TransformError(`null has no method ${token.text}`);
      return method(receiver, argument(event));
    };
    return { kind: "value", value };
  }

  #index(): Step {
    const inside = this.#take();
    this.#expect("]");
    if (inside.kind === "mark" && inside.text === "*") return everyItem;
    if (inside.kind === "number" && /^\d+$/.test(inside.text)) return Number(inside.text);
    throw new Unreadable(`An index must be a whole number or *, not ${show(inside)}`);
  }

  #parseList(close: string): Part[] {
    const parts: Part[] = [];
    while (!this.#accept(close)) {
      if (parts.length > 0) this.#expect(",");
      parts.push(this.#read(0));
    }
    return parts;
  }

  #map(): Part {
    const entries: [Compiled, Compiled][] = [];
    while (!this.#accept("}")) {
      if (entries.length > 0) this.#expect(",");
      const key = compile(this.#read(0));
      this.#expect(":");
      entries.push([key, compile(this.#read(0))]);
    }
    const value = (event: EvaluationContext) =>
      Object.fromEntries(entries.map(([key, item]) => [stringValueOf(key(event)) ?? "", item(event)]));
    return { kind: "value", value };
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "the end" };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #accept(mark: string): boolean {
    const isThere = this.#peek().kind === "mark" && this.#peek().text === mark;
    if (isThere) this.#next += 1;
    return isThere;
  }

  #expect(mark: string): void {
    if (!this.#accept(mark)) throw new Unreadable(`Expected "${mark}" instead of ${show(this.#peek())}`);
  }
}

function constant(value: null | boolean | number | string): Part {
  return { kind: "value", value: () => value };
}

function compile(part: Part): Compiled {
  switch (part.kind) {
    case "value":
      return part.value;
    case "path":
      return (event) => {
        const value = valueAt(event.source, part.path);
        if (value === undefined) throw new MissingAttribute(showPath(part.path));
        return value;
      };
    case "lambda":
      return () => {
        throw new TransformError("Only filterArray and transformArray take an expression with ->");
      };
  }
}

function call(name: string, given: readonly Part[]): Part {
  const found = findFunction(name);
  if (found === undefined) throw new Unreadable(`There is no function ${name}`);
  const { evaluation, minimum, maximum, syntax } = found;
  if (given.length < minimum || given.length > maximum) {
    throw new Unreadable(`The function ${name} does not take ${given.length} arguments: ${syntax}`);
  }
  if (evaluation === undefined) throw new Unreadable(`The stand-in lacks the function ${name}`);
  const prepared = given.map(argumentOf);
  const value: Compiled = (event) =>
    guard(() =>
      evaluation(
        prepared.map((argument) => argument(event)),
        event,
      ),
    );
  return { kind: "value", value };
}

/** A function's argument for one event: a value, or a lambda for the items of an array. */
function argumentOf(part: Part): (event: EvaluationContext) => Argument {
  const value = compile(part);
  if (part.kind !== "lambda") return (event) => () => value(event);
  return (event) => (item) => {
    if (item === undefined) return value(event);
    return part.body({ ...event, source: { ...event.source, [part.parameter]: item as Json } });
  };
}

/** Turns failures caused by arguments (a bad regular expression, bad JSON) into transformation errors. */
function guard(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof MissingAttribute || error instanceof TransformError) throw error;
    throw new TransformError(error instanceof Error ? error.message : String(error));
  }
}

function fieldName(word: string): string {
  if (reserved.has(word) || findFunction(word) !== undefined) throw new Unreadable(`${word} is a reserved word`);
  return word.replaceAll(/\\(.)/gs, "$1");
}

function operatorText({ kind, text }: Token): string {
  return kind === "mark" || kind === "word" ? text : "";
}

function unexpectedToken(token: Token): Unreadable {
  return new Unreadable(`Unexpected ${show(token)}`);
}

function show({ kind, text }: Token): string {
  return kind === "end" ? text : JSON.stringify(text);
}
