import fc from "fast-check";
import { callProblems, subexpressions } from "../../packages/adobe-data-prep/src/calls.ts";
import { dataPrepFunctions, findFunction, functionNames } from "../../packages/adobe-data-prep/src/functions/index.ts";
import { expressionProblems } from "../../packages/adobe-data-prep/src/mapping-problems.ts";
import { parseExpression } from "../../packages/adobe-data-prep/src/parser.ts";
import { formatPath, parsePath } from "../../packages/adobe-data-prep/src/source-path.ts";
import { leftOut } from "../../packages/local-cloud/src/platform/data-prep/functions/index.ts";
import { functionsByName } from "../../packages/local-cloud/src/platform/data-prep/functions/signatures.ts";
import { compileExpression } from "../../packages/local-cloud/src/platform/data-prep/language/expression.ts";
import { readPath, showPath } from "../../packages/local-cloud/src/platform/data-prep/language/path.ts";
import { Unreadable } from "../../packages/local-cloud/src/platform/data-prep/language/unreadable.ts";
import { runExpression } from "../../packages/local-cloud/test/platform/run-expression.ts";
import { documentedExamples, documentedNow } from "./documented-examples.ts";

/*
 * The mapping checks and Platform's stand-in have separate grammars and tables of functions. Both must satisfy what
 * Adobe publishes, and they must accept and refuse the same texts.
 */

const lacking = new Set<string>(leftOut);

function functionsIn(expression: string): string[] {
  return subexpressions(parseExpression(expression)).flatMap((part) =>
    part.kind === "call" ? [findFunction(part.function)?.name ?? part.function] : [],
  );
}

describe.each(documentedExamples)("$expression ($published)", ({ expression, output, event, instead }) => {
  test("passes the checks", () => {
    expect(expressionProblems(expression)).toEqual({ mistakes: [], unknownFunctions: [] });
  });

  test("gives Adobe's output", () => {
    if (functionsIn(expression).some((name) => lacking.has(name))) {
      expect(() => compileExpression(expression)).toThrow("The stand-in lacks the function");
    } else {
      expect(runExpression(expression, event, documentedNow)).toEqual(instead === undefined ? output : instead.output);
    }
  });
});

/** Without an example: the page shows random ids, and leaves out the deprecated `is_set`. */
const withoutExample = ["is_set", "uuid"];

test("each function of the table has an example", () => {
  const called = new Set(documentedExamples.flatMap(({ expression }) => functionsIn(expression)));
  const missing = dataPrepFunctions.map(({ name }) => name).filter((name) => !called.has(name));
  expect(missing.toSorted()).toEqual(withoutExample);
});

test("each output has the type in the checks", () => {
  const kinds: Readonly<Record<string, (output: unknown) => boolean>> = {
    string: (output) => typeof output === "string",
    integer: (output) => typeof output === "number",
    number: (output) => typeof output === "number",
    boolean: (output) => typeof output === "boolean",
    "date-time": (output) => typeof output === "string" && !Number.isNaN(Date.parse(output)),
    "epoch-milliseconds": (output) => typeof output === "number",
    "string[]": (output) => Array.isArray(output) && output.every((item) => item === null || typeof item === "string"),
    array: Array.isArray,
    object: (output) => typeof output === "object" && output !== null && !Array.isArray(output),
    null: (output) => output === null,
    any: () => true,
    arguments: () => true,
  };
  const wrong = documentedExamples.filter(({ expression, output, instead }) => {
    const parsed = parseExpression(expression);
    const returns = parsed.kind === "call" ? findFunction(parsed.function)?.returns : undefined;
    return returns !== undefined && kinds[returns]?.(instead?.output ?? output) !== true;
  });
  expect(wrong.map(({ expression }) => expression)).toEqual([]);
});

test("both tables have the same names, with the same numbers of arguments", () => {
  const counts = (name: string, given?: { readonly minimum: number; readonly maximum: number }) =>
    `${name}: ${given?.minimum} to ${given?.maximum}`;
  expect(functionNames.map((name) => counts(name, findFunction(name)?.arity)).toSorted()).toEqual(
    Array.from(functionsByName, ([name, signature]) => counts(name, signature)).toSorted(),
  );
});

const refuses = (work: () => unknown): boolean => {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof Unreadable && /The stand-in lacks/.test(error.message)) return false;
    return true;
  }
};

const checksRefuse = (text: string) =>
  refuses(() => parseExpression(text)) || callProblems(parseExpression(text)).length > 0;

const pieces = (
  "a b.c data. items[*].sku [0] [*] 1 2.5 1e3 \"s\" 't' null true ( ) [ ] { } : . , + - * / % < >= == != && || ! ~ -> x->x " +
  "and or not eq div mod lower( concat( iif( now() to_array( .get( .equals( new timestamp ${x} ${a.b[0]} ${a\\.b} ${ } \\ ' \""
).split(" ");

test("both accept and refuse the same expressions", () => {
  const text = fc
    .array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom("", " ")), { maxLength: 9 })
    .map((parts) => parts.flat().join(""));
  fc.assert(
    fc.property(text, (expression) => {
      expect([expression, refuses(() => compileExpression(expression))]).toEqual([
        expression,
        checksRefuse(expression),
      ]);
    }),
    { numRuns: 3000 },
  );
});

test("both read the same paths", () => {
  const plain = fc.string({ unit: fc.constantFrom("a", "b", ".", "[", "]", "[0]", "[*]", "\\", "${", "}", " ", "$") });
  const text = fc.oneof(
    plain,
    plain.map((inside) => `\${${inside}}`),
  );
  const read = (path: () => string) => {
    try {
      return path();
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(text, (path) => {
      expect([path, read(() => showPath(readPath(path)))]).toEqual([path, read(() => formatPath(parsePath(path)))]);
    }),
    { numRuns: 3000 },
  );
});
