import type { Expression, ValueKind } from "adobe-data-prep";
import {
  expressionProblems,
  formatPath,
  type PathStep,
  parseExpression,
  parsePath,
  pathProblem,
  subexpressions,
} from "adobe-data-prep";
import { operatorCommand } from "../relay/core/operator-command.ts";
import { kindNames } from "./fit.ts";
import { guessPath } from "./meant.ts";
import type { SourceFields } from "./source-fields.ts";
import { hasOnly, type Kinds, kindsOf } from "./value-kinds.ts";

/** The result of checking a mapping's source. */
export interface CheckedSource {
  readonly mistakes: readonly string[];
  /** Another attribute that was probably meant. */
  readonly instead?: string;
  /** An expression that was probably meant instead of an attribute. */
  readonly expression?: string;
  /** A message if the source may be right although this package does not know it; it suggests the attribute that may be meant. */
  readonly warning?: string;
  /** The kinds of value that it yields; unknown if there are mistakes. */
  readonly kinds: Kinds;
}

const unknownKinds: Kinds = new Set(["any"]);

/** Checks an attribute that is mapped unchanged. */
export function checkAttribute(source: string, sources: SourceFields): CheckedSource {
  const unreadable = pathProblem(source);
  if (unreadable !== undefined) return { mistakes: [unreadable], kinds: unknownKinds };
  const path = parsePath(source);
  const kind = sources.kind(path);
  if (kind !== undefined) return { mistakes: [], kinds: new Set([kind]) };
  if (/[("'*+]/.test(source)) {
    const mistake = `"${source}" is not an attribute; a calculated value is an expression`;
    return { mistakes: [mistake], expression: source, kinds: unknownKinds };
  }
  const instead = guessPath(source, sources.paths);
  const hint = instead === undefined ? "" : ` Did you mean ${instead}?`;
  if (path.every(({ kind }) => kind === "field") && isPossible(path, sources)) {
    const warning =
      `events have no attribute "${source}" that this package knows.${hint} The mapping checks for it with contains_key, so an event ` +
      `without it should only leave the field empty. To see how Platform maps an event: ${operatorCommand("preview --samples <file>")}`;
    return { mistakes: [], warning, kinds: unknownKinds };
  }
  return { mistakes: [missing(path, sources)], ...(instead !== undefined && { instead }), kinds: unknownKinds };
}

/** Whether Customer.io may send an attribute that the catalogue lacks: it adds attributes without notice. */
function isPossible(path: readonly PathStep[], sources: SourceFields): boolean {
  const text = formatPath(path);
  const isBelowKnown = sources.paths.some((known) => text.startsWith(`${known}.`) || known.startsWith(`${text}.`));
  return !text.startsWith("relay.") && text !== "relay" && !isBelowKnown;
}

/** Checks an expression: its syntax, calls and attributes, and that times are in the right unit. */
export function checkExpression(text: string, sources: SourceFields): CheckedSource {
  const { mistakes, unknownFunctions } = expressionProblems(text);
  const problems = [...mistakes, ...unknownFunctions];
  if (problems.length > 0) return { mistakes: problems, kinds: unknownKinds };
  const expression = parseExpression(text);
  const times = timeMistakes(expression, sources);
  const unknown = unknownAttributes(expression, sources).map((steps) => ({
    steps,
    meant: guessPath(formatPath(steps), sources.paths),
  }));
  if (unknown.length + times.length === 0) return { mistakes: [], kinds: kindsOf(expression, sources) };
  const guarded = guardedForm(text, unknown, sources);
  // If a name may be misspelled, contains_key would only hide the mistake.
  const instead = times.length === 0 && unknown.every(({ meant }) => meant === undefined) ? guarded : undefined;
  const askFirst = guarded && ` If Customer.io does send it, check for it first${instead ? "." : `: ${guarded}`}`;
  const unknowns = unknown.map(({ steps, meant }) => {
    const suggestion = meant === undefined ? "." : `; did you mean ${meant}?`;
    return `${missing(steps, sources)}${suggestion}${askFirst ?? ""}`;
  });
  return { mistakes: [...unknowns, ...times], ...(instead && { instead }), kinds: unknownKinds };
}

/**
 * Attributes that the catalogue lacks. Those that the expression checks with contains_key are fine, since they fail no record
 * when they are missing. So newer attributes of Customer.io can be mapped too.
 */
function unknownAttributes(expression: Expression, sources: SourceFields): (readonly PathStep[])[] {
  const parts = subexpressions(expression);
  const asked = new Set(parts.flatMap(findTestedPaths));
  const parameters = new Set(parts.flatMap((part) => (part.kind === "lambda" ? [part.parameter] : [])));
  const unknown = parts.flatMap((part) => {
    if (part.kind !== "attribute" || sources.kind(part.steps) !== undefined) return [];
    const [first] = part.steps;
    const isParameter = first?.kind === "field" && parameters.has(first.name);
    return isParameter || asked.has(formatPath(part.steps)) ? [] : [part.steps];
  });
  return [...new Map(unknown.map((steps) => [formatPath(steps), steps])).values()];
}

/** The expression guarded against missing attributes; undefined if no event can have them, or if no such form exists. */
function guardedForm(
  text: string,
  unknown: readonly { readonly steps: readonly PathStep[] }[],
  sources: SourceFields,
): string | undefined {
  if (unknown.length === 0 || !unknown.every(({ steps }) => isPossible(steps, sources))) return undefined;
  const asked = unknown.map(({ steps }) => `contains_key("${formatPath(steps)}")`);
  const guarded = `iif(${asked.join(" && ")}, ${text}, nullify())`;
  return expressionProblems(guarded).mistakes.length === 0 ? guarded : undefined;
}

function findTestedPaths(part: Expression): string[] {
  if (part.kind !== "call" || !["contains_key", "is_set"].includes(part.function)) return [];
  const [path] = part.arguments;
  return path?.kind === "literal" && typeof path.value === "string" ? [path.value] : [];
}

function missing(path: readonly PathStep[], sources: SourceFields): string {
  const text = formatPath(path);
  const inside = sources.paths.filter((known) => known.startsWith(`${text}.`));
  if (inside.length > 0) {
    const names = inside.map((known) => known.slice(text.length + 1));
    return `"${text}" is an object; name one of its attributes: ${names.join(", ")}`;
  }
  if (text.startsWith("relay.") && !sources.paths.some((known) => known.startsWith("relay."))) {
    return `"${text}" is added by the relay, which does not exist with delivery: direct`;
  }
  return `events have no attribute "${text}"`;
}

/** What time functions require, by argument index. */
const timeArguments: Readonly<Record<string, { readonly index: number; readonly wants: "count" | "date" | "text" }>> = {
  dformat: { index: 0, wants: "count" },
  format: { index: 0, wants: "date" },
  date: { index: 0, wants: "text" },
  date_part: { index: 1, wants: "date" },
  set_date_part: { index: 2, wants: "date" },
  zone_date_to_utc: { index: 0, wants: "date" },
  zone_date_to_zone: { index: 0, wants: "date" },
};

function timeMistakes(expression: Expression, sources: SourceFields): string[] {
  return subexpressions(expression).flatMap((part) => {
    if (part.kind !== "call") return [];
    const { index, wants } = timeArguments[part.function] ?? {};
    const argument = index === undefined ? undefined : part.arguments[index];
    if (argument === undefined || wants === undefined) return [];
    const given = kindsOf(argument, sources);
    const wrong = [...given].find((kind) => !acceptable(kind, wants));
    return wrong === undefined ? [] : [timeMistake(part.function, wants, wrong)];
  });
}

function acceptable(kind: ValueKind, wants: "count" | "date" | "text"): boolean {
  const kinds = new Set([kind]);
  if (wants === "count") return hasOnly(kinds, "any", "integer", "number", "epoch-milliseconds");
  if (wants === "date") return hasOnly(kinds, "any", "date-time");
  return hasOnly(kinds, "any", "string", "date-text", "date-time");
}

function timeMistake(name: string, wants: "count" | "date" | "text", kind: ValueKind): string {
  if (wants === "count" && kind === "epoch-seconds") {
    return `${name} takes milliseconds since 1970, but gets seconds: multiply them, as in dformat(\${timestamp} * 1000, …)`;
  }
  if (wants === "count") return `${name} takes milliseconds since 1970, but gets ${kindNames[kind]}`;
  const isCount = kind === "epoch-seconds" || kind === "epoch-milliseconds" || kind === "integer";
  if (isCount) {
    return `${name} takes ${wants === "date" ? "a date" : "a text"}, not a count; format seconds since 1970 with dformat(\${timestamp} * 1000, …)`;
  }
  if (wants === "date") return `${name} takes a date, but gets ${kindNames[kind]}: parse it first, with date(…)`;
  return `${name} takes a text, but gets ${kindNames[kind]}`;
}
