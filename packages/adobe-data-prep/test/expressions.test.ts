import fc from "fast-check";
import { callProblems } from "../src/calls.ts";
import { dataPrepFunctions, findFunction, functionNames } from "../src/functions/index.ts";
import { parseExpression } from "../src/parser.ts";
import { parsePath } from "../src/source-path.ts";
import { SyntaxProblem } from "../src/syntax-problem.ts";

test.each([
  ["'a'.trim()", 'There is no method "trim"'],
  ["'a'.equals()", "The method equals takes one argument"],
  ["1 +", "Unexpected the end"],
  ["(1", 'Expected ")" instead of the end'],
  ["1 2", "Unexpected 2"],
  ["'open", 'Unexpected "\'open"'],
  ["a ? b : c", 'Unexpected "? b : c"'],
  ["items['x']", 'An index must be a whole number or *, not "x"'],
  ["timestamp * 1000", "timestamp is a reserved word: write ${timestamp} for the field of that name"],
  ["data.new", "new is a reserved word: write ${new} for the field of that name"],
  ["new -> 1", "new is a reserved word: write ${new} for the field of that name"],
  ["", "Unexpected the end"],
  ["${[0]}", '"${[0]}" names no field'],
])("%s can't be read", (expression, message) => {
  expect(() => parseExpression(expression)).toThrow(new SyntaxProblem(message));
});

test("more than 4096 characters", () => {
  expect(() => parseExpression(`"${"x".repeat(4094)}"`)).not.toThrow();
  expect(() => parseExpression(`"${"x".repeat(4095)}"`)).toThrow(
    "An expression may have at most 4096 characters, not 4097",
  );
});

test.each([
  ["unheard_of(1)", ["There is no function unheard_of."]],
  ["length('a')", ["There is no function length."]],
  ["Lower(metric)", ["There is no function Lower; did you mean lower?"]],
  ["colaesce(a, b)", ["There is no function colaesce; did you mean coalesce?"]],
  ["lower()", ["The function lower takes 1 argument, not 0: lower(INPUT)."]],
  ["now(1)", ["The function now takes no arguments, not 1: now()."]],
  ["concat()", ["The function concat takes 1 argument or more, not 0: concat(STRING...)."]],
  ["sha256('a', 'UTF-8', 1)", ["The function sha256 takes 1 to 2 arguments, not 3: sha256(INPUT, CHARSET?)."]],
  [
    "iif(isset(a), lower())",
    [
      "The function iif takes 3 arguments, not 2: iif(EXPRESSION, TRUE_VALUE, FALSE_VALUE).",
      "There is no function isset; did you mean is_set?",
      "The function lower takes 1 argument, not 0: lower(INPUT).",
    ],
  ],
  ["transformArray(items, item -> {'a': [!shout(item)]}.get('a'))", ["There is no function shout."]],
])("the calls of %s", (expression, messages) => {
  expect(callProblems(parseExpression(expression)).map(({ message }) => message)).toEqual(messages);
});

test.each([
  ["${a\\.b}", ["a.b"]],
  ["${a\\\\.b}", ["a\\", "b"]],
  ["${a\\[0\\]}", ["a[0]"]],
  ["${a[0].b}", ["a", 0, "b"]],
])("the steps of %s", (path, steps) => {
  const plain = parsePath(path).map((step) =>
    step.kind === "field" ? step.name : step.kind === "item" ? step.index : "*",
  );
  expect(plain).toEqual(steps);
  expect(parseExpression(path)).toEqual({ kind: "attribute", steps: parsePath(path) });
});

test.each(["${a[b}", "${a]}", "${a[0]b}", "${a.}", "${.a}"])("%s is not a path", (path) => {
  expect(() => parsePath(path)).toThrow(SyntaxProblem);
  expect(() => parseExpression(path)).toThrow(SyntaxProblem);
});

test("each function's own example is right", () => {
  for (const { example } of dataPrepFunctions) {
    expect([example, callProblems(parseExpression(example))]).toEqual([example, []]);
  }
});

test("names are case-sensitive, and synonyms refer to their function", () => {
  expect(new Set(functionNames).size).toBe(functionNames.length);
  expect(findFunction("ucase")).toBe(findFunction("upper"));
  expect(findFunction("get_values")?.arity).toEqual({ minimum: 3, maximum: 4 });
  expect(findFunction("to_array")?.arity).toEqual({ minimum: 1, maximum: Number.POSITIVE_INFINITY });
  expect(findFunction("add_to_map")?.arity).toEqual({ minimum: 2, maximum: Number.POSITIVE_INFINITY });
});

test("reading any text returns an expression or throws a SyntaxProblem", () => {
  const pieces = [
    "a",
    "1",
    "'s'",
    "(",
    ")",
    "[",
    "]",
    ".",
    ",",
    "+",
    "->",
    "==",
    "not ",
    "lower",
    "${x y}",
    "${",
    "\\",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces)), (parts) => {
      try {
        expect(callProblems(parseExpression(parts.join("")))).toEqual(expect.any(Array));
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxProblem);
      }
    }),
  );
});
