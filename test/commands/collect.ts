import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import ts from "typescript";
import { isProjectCommand } from "../../cli/command/describe.ts";
import { commands } from "../../cli/commands.ts";

const repository = path.resolve(import.meta.dirname, "../..");

/** A command that the product prints or documents. */
export interface Advice {
  /** As a user types it, with placeholders in angle brackets: `npx pulumi stack init <name>`. */
  readonly command: string;
  /** File, below the repository. */
  readonly where: string;
}

/** The words that a command may begin with. In running text a bare `pulumi up` is a name rather than something to type, unless it is marked as code. */
const npm = "npm(?= (?:ci|exec|i|install|pack|publish|run|test)(?![\\w-]))";
const typed = `(?:npx (?:pulumi|customerio-aep|jest)|${npm}|az)(?= )`;
const asCode = `(?:(?:npx )?(?:pulumi|customerio-aep|jest)|${npm}|az)(?= )`;
/** Words at which a command ends and running text continues. */
const prose =
  /^(?:again|and|as|before|by|does|first|finds|has|in|is|it|of|or|reports|says|shows|that|the|then|to|waits|when|which|will|with|writes)$/;

/** Every command in messages, help, documentation, settings files and workflows, once per file. */
export async function collectAdvice(): Promise<Advice[]> {
  const found: Advice[] = [];
  for (const name of files()) {
    const text = await readFile(path.join(repository, name), "utf8");
    const commands = new Set(commandsOf(name, text));
    found.push(...[...commands].map((command) => ({ command, where: name })));
  }
  return found;
}

function commandsOf(name: string, text: string): string[] {
  if (/\.[jt]s$/.test(name)) return [...messagesOf(name, text), ...commentsOf(text)].flatMap(commandsInText);
  if (name.endsWith(".md")) return commandsInMarkdown(text);
  // GitHub fills in `${{ … }}`, and the shell its variables.
  return text
    .replaceAll(/\$\{\{ *([\w.]+) *\}\}/g, "<$1>")
    .replaceAll(/"\$(\w+)"/g, "<$1>")
    .split("\n")
    .flatMap(commandsInText);
}

function files(): string[] {
  const patterns = [
    "*.{md,js,yaml}",
    "{.github/workflows,templates/github-actions}/*.yml",
    "{bin,cli,components,docs,events,examples,mapping,relay,scripts,settings,templates}/**/*.{md,js,ts,yaml}",
    "packages/*/{bin,src}/**/*.{js,ts}",
    "packages/*/README.md",
  ];
  // The index of messages repeats what the code says.
  const made = /(^|\/)(node_modules|dist|build)\/|^CHANGELOG\.md$|^docs\/reference\/errors\.md$/;
  return globSync(patterns, { cwd: repository })
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => !made.test(name))
    .sort();
}

/** Lines of code blocks, and code in running text. */
function commandsInMarkdown(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```(?:sh|bash)?\n(.*?)^ *```/gms)].map(([, block = ""]) => block);
  const lines = blocks.flatMap((block) => block.split("\n")).map((line) => line.replace(/(^|\s+)#.*$/, ""));
  const spans = [...text.replace(/^ *```.*?^ *```/gms, "").matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);
  return [...lines, ...spans].flatMap((code) => commandsIn(code.replaceAll(/\s+/g, " "), asCode));
}

function commandsInText(text: string): string[] {
  const spans = [...text.matchAll(/`([^`]+)`/g)].flatMap(([, span = ""]) => commandsIn(span, asCode));
  return [...spans, ...commandsIn(text.replaceAll(/`[^`]*`/g, ""), typed)];
}

/** @param heads how a command may begin, as a regular expression */
function commandsIn(text: string, heads: string): string[] {
  return [...text.matchAll(new RegExp(`(?<![\\w/@.:$-])${heads}`, "g"))].flatMap((match) => {
    const words = wordsAfter(text.slice(match.index + match[0].length));
    return words.length === 0 ? [] : [[match[0], ...words].join(" ")];
  });
}

/** The words of a command, up to where a sentence or another command follows. */
function wordsAfter(text: string): string[] {
  const words: string[] = [];
  const word = /^ ((?:'[^']*'|"[^"]*"|<[^>]*>|[^\s'"<>`])+)/;
  for (let rest = text; ; ) {
    const [all = "", found = ""] = word.exec(rest) ?? [];
    const last = found.replace(/[.,;:)!…]+$/, "");
    if (last === "" || prose.test(last) || /^(?:&&|[|>#(–-]$|\()/.test(last)) return words;
    words.push(last);
    if (last !== found) return words;
    rest = rest.slice(all.length);
  }
}

/** Whole texts in the code: pieces joined by `+` are one, and calculated parts are in angle brackets. */
function messagesOf(name: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const message = messageOf(node);
    if (message !== undefined) found.push(message);
    // A calculated part of a message may itself be a text; its pieces are not.
    if (ts.isBinaryExpression(node) && message !== undefined) visitParts(node);
    else ts.forEachChild(node, visit);
  };
  const visitParts = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) || ts.isTemplateExpression(node) || ts.isTemplateSpan(node)) {
      ts.forEachChild(node, visitParts);
    } else if (!ts.isStringLiteralLike(node)) visit(node);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, false));
  return found;
}

function messageOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return [
      node.head.text,
      ...node.templateSpans.flatMap(({ expression, literal }) => [fillIn(expression), literal.text]),
    ].join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return `${fillIn(node.left)}${fillIn(node.right)}`;
  }
  if (ts.isParenthesizedExpression(node)) return messageOf(node.expression);
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    const writer = node.expression.text;
    const program = commandWriters[writer];
    const [command] = node.arguments;
    if (program === undefined || command === undefined) return undefined;
    const words = messageOf(command) ?? "<command>";
    const isOfSource = writer === "operatorCommand" && !projectCommands.has(words.split(" ")[0] ?? "");
    return `${program} ${words} ${writtenFlags}${isOfSource ? " --source <source>" : ""}`;
  }
  return undefined;
}

/** The functions that write commands, with what they put first. */
const commandWriters: Readonly<Record<string, string>> = {
  pulumiCommand: "npx pulumi",
  operatorCommand: "npx customerio-aep",
};
/** What both of them add. */
const writtenFlags = "--stack <stack> --cwd <folder> --config-file <file>";
/** Commands that need no stack, and have no sources to choose from. */
const projectCommands = new Set(commands.filter(isProjectCommand).map(({ name }) => name));

function fillIn(node: ts.Expression): string {
  return messageOf(node) ?? `<${ts.isIdentifier(node) ? node.text : "value"}>`;
}

function commentsOf(text: string): string[] {
  const blocks = [...text.matchAll(/\/\*\*?(.*?)\*\//gs)].map(([, comment = ""]) =>
    comment.replaceAll(/\s*\n\s*\* ?/g, " "),
  );
  const lines = [...text.matchAll(/(?:^|\s)\/\/ (.*)$/gm)].map(([, comment = ""]) => comment);
  return [...blocks, ...lines];
}
