import { globSync, readFileSync } from "node:fs";
import path from "node:path";

const repository = path.resolve(import.meta.dirname, "../..");

/** A command in a shell block of a page. */
export interface DocumentedCommand {
  /** As a reader types it, with placeholders in angle brackets. */
  readonly text: string;
  /** Below the repository, such as `docs/setup.md`. */
  readonly page: string;
  readonly line: number;
  /** All commands of the same block have the same. */
  readonly block: string;
}

/** Every command in the shell blocks of the pages, in the order of the pages. */
export function listDocumented(): DocumentedCommand[] {
  const patterns = ["*.md", "docs/**/*.md", "examples/*/*.md", "packages/*/*.md", "templates/**/*.md"];
  return globSync(patterns, { cwd: repository, exclude: (name) => name === "node_modules" })
    .map((name) => name.split(path.sep).join("/"))
    .sort()
    .flatMap((page) => commandsOf(page, readFileSync(path.join(repository, page), "utf8")));
}

/**
 * The same command whatever it is about: pages name the stack and the days of their own story, and `npx` makes no difference to what is run.
 */
export function normalize(command: string): string {
  return command
    .replace(/^npm run setup\b/, "npx customerio-aep init")
    .replace(/^((?:\w+=\S+ )*)npx /, "$1")
    .replace(/ --config-file \S+/, "")
    .replace(/(?<!failover|evacuate) --stack [\w-]+/, "")
    .replace(/ stack init \w[\w-]*$/, " stack init <stack>")
    .replaceAll(/(--from|--to) \d{4}-\d\d-\d\d/g, "$1 <day>")
    .replace(/(--events-per-second) \d+/, "$1 <n>")
    .replace(/customerio-aep-verify-\w+-\w+/, "<event>");
}

export function describePlace({ page, line, text }: DocumentedCommand): string {
  return `${page}:${line}: ${text}`;
}

function commandsOf(page: string, text: string): DocumentedCommand[] {
  const found: DocumentedCommand[] = [];
  let block: string | undefined;
  let begun: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^ *```/.test(line)) {
      block = block === undefined && /^ *```(sh|bash)$/.test(line) ? `${page}:${index + 1}` : undefined;
      continue;
    }
    const typed = withoutComment(line).trim();
    if (block === undefined || typed === "") continue;
    const whole = begun === undefined ? typed : `${begun} ${typed}`;
    // A backslash at the end continues the command.
    begun = whole.endsWith("\\") ? whole.slice(0, -1).trim() : undefined;
    if (begun === undefined) found.push({ text: whole.replaceAll(/\s+/g, " "), page, line: index + 1, block });
  }
  return found;
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s+)#.*$/, "");
}
