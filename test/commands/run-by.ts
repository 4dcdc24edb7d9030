import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const repository = path.resolve(import.meta.dirname, "../..");
const { scripts } = JSON.parse(readFileSync(path.join(repository, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** What a test must have to run a command. */
interface Needs {
  /** Its subcommands and options, all in one call. */
  readonly words: readonly string[];
  /** The environment variables before it. */
  readonly variables: readonly string[];
}

/** The same command whatever it is about: without its program, its stack, and its values. */
function needsOf(command: string): Needs {
  const [, assignments = "", rest = ""] = /^((?:\w+=\S+ )*)(.*)$/.exec(command) ?? [];
  const variables = [...assignments.matchAll(/(\w+)=/g)].map(([, name = ""]) => name);
  const script = /^npm run ([\w-]+)/.exec(rest)?.[1];
  if (script !== undefined) return { words: (scripts[script] ?? script).split(" ").slice(1), variables };
  const [, ...given] = rest.split(" ");
  const end = given.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  const subcommands = end === -1 ? given : given.slice(0, end);
  const options = given.filter((word) => word.startsWith("--") && word !== "--stack");
  return { words: [...subcommands, ...options], variables };
}

/**
 * Whether a test runs a command: one of its calls, or of the functions in the same file that it uses, has all of the command's words, as
 * texts or as the names of its methods. What the test expects does not count.
 *
 * @returns what is wrong; undefined if it does
 */
export function complaintAboutRun(command: string, file: string, title: string): string | undefined {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(repository, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const body = findTest(source, title);
  if (body === undefined) return `${file} has no test "${title}"`;
  const { words, variables } = needsOf(command);
  const parts = listReached(body, declarationsOf(source));
  const calls = parts.flatMap(listCalls).map(wordsOf);
  if (!calls.some((call) => words.every((word) => call.has(word)))) {
    return `no call in ${file}, "${title}", has the words ${words.join(" ")}`;
  }
  const all = new Set(parts.flatMap((part) => [...wordsOf(part)]));
  const unset = variables.filter((name) => !all.has(name));
  return unset.length === 0 ? undefined : `${file}, "${title}", does not set ${unset.join(", ")}`;
}

/** The function of `test(title, …)` or `test.each(…)(title, …)`. */
function findTest(source: ts.SourceFile, title: string): ts.Node | undefined {
  let found: ts.Node | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(?:test|it)\b/.test(node.expression.getText())) {
      const [name, body] = node.arguments;
      if (name !== undefined && ts.isStringLiteralLike(name) && name.text === title) found = body;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Functions and constants of the file, by their names. */
function declarationsOf(source: ts.SourceFile): ReadonlyMap<string, ts.Node> {
  const found = new Map<string, ts.Node>();
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name) found.set(statement.name.text, statement);
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer !== undefined) found.set(name.text, initializer);
    }
  }
  return found;
}

/** A part of the file, with the declarations that it uses. */
function listReached(start: ts.Node, declarations: ReadonlyMap<string, ts.Node>): ts.Node[] {
  const reached = new Set([start]);
  for (const part of reached) {
    const visit = (node: ts.Node): void => {
      const declared = ts.isIdentifier(node) ? declarations.get(node.text) : undefined;
      if (declared !== undefined) reached.add(declared);
      forEachPart(node, visit);
    };
    visit(part);
  }
  return [...reached];
}

function listCalls(start: ts.Node): ts.CallExpression[] {
  const found: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) found.push(node);
    forEachPart(node, visit);
  };
  visit(start);
  return found.filter((call) => !isOf(call, "expect") && !/^(?:test|describe)\b/.test(call.expression.getText()));
}

/** The words of its texts, and the names of its methods and properties. */
function wordsOf(start: ts.Node): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) for (const word of node.text.split(/\s+/)) found.add(word);
    if (ts.isPropertyAccessExpression(node) || ts.isPropertyAssignment(node)) found.add(node.name.getText());
    // A function that is passed on makes calls of its own.
    if (!ts.isFunctionLike(node) || node === start) forEachPart(node, visit);
  };
  visit(start);
  return found;
}

/** The parts of a node, without those of what a test expects: of `expect(a).toBe(b)`, only `a`. */
function forEachPart(node: ts.Node, visit: (part: ts.Node) => void): void {
  if (ts.isCallExpression(node) && isOf(node, "expect") && !ts.isIdentifier(node.expression)) visit(node.expression);
  else ts.forEachChild(node, visit);
}

/** Whether a call begins with that of this function: `expect(a).rejects.toThrow(b)`. */
function isOf(call: ts.CallExpression, name: string): boolean {
  let node: ts.Expression = call;
  while (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) node = node.expression;
  return ts.isIdentifier(node) && node.text === name;
}
