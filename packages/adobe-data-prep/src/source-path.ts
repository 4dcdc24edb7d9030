import { SyntaxProblem } from "./syntax-problem.ts";

/** One step of a path: a field, an item of an array, or all its items (`[*]`). */
export type PathStep =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "item"; readonly index: number }
  | { readonly kind: "items" };

/**
 * Parses a path in a mapping: `data.identifiers.email`, `products[*].sku`, `products[0].sku`. Unusual names are wrapped in `${...}`,
 * and a period that is part of a name is escaped with a backslash (Data Prep functions page, "Fields").
 */
export function parsePath(text: string): PathStep[] {
  const steps: PathStep[] = [];
  let rest = text;
  do {
    const match = /^(?:\$\{((?:\\.|[^}\\])+)\}|((?:\\.|[^\\.[\]{}\s])+))((?:\[(?:\d+|\*)\])*)(?:\.(?=.)|$)/s.exec(rest);
    if (match === null) throw new SyntaxProblem(`"${text}" is not a path`);
    const [whole, wrapped, plain = "", brackets = ""] = match;
    steps.push(...(wrapped === undefined ? [field(plain)] : parseWrapped(wrapped)), ...parseBrackets(brackets));
    rest = rest.slice(whole.length);
  } while (rest !== "");
  return steps;
}

/** The inside of `${...}`: any characters; a period separates fields, and brackets hold an index, unless they are escaped. */
export function parseWrapped(text: string): PathStep[] {
  const steps: PathStep[] = [];
  let rest = text;
  do {
    const match = /^((?:\\.|[^\\.[\]])+)((?:\[(?:\d+|\*)\])*)(?:\.(?=.)|$)/s.exec(rest);
    if (match === null) throw new SyntaxProblem(`"\${${text}}" names no field`);
    const [whole, name = "", brackets = ""] = match;
    steps.push(field(name), ...parseBrackets(brackets));
    rest = rest.slice(whole.length);
  } while (rest !== "");
  return steps;
}

function field(name: string): PathStep {
  return { kind: "field", name: name.replaceAll(/\\(.)/g, "$1") };
}

function parseBrackets(text: string): PathStep[] {
  return Array.from(text.matchAll(/\[(\d+|\*)\]/g), ([, inside]) =>
    inside === "*" ? { kind: "items" } : { kind: "item", index: Number(inside) },
  );
}

/** Formats a path for people: `data.items[0].sku`. */
export function formatPath(steps: readonly PathStep[]): string {
  return steps
    .map((step) => (step.kind === "field" ? `.${step.name}` : step.kind === "items" ? "[*]" : `[${step.index}]`))
    .join("")
    .replace(/^\./, "");
}
