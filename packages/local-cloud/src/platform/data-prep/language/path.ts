import { isObject, type Json } from "../../web/json.ts";
import { Unreadable } from "./unreadable.ts";

/** The step to every item of an array: `[*]`. */
export const everyItem = Symbol("[*]");

/** One step of a path: a field by its name, an item of an array by its index, or all items. */
export type Step = string | number | typeof everyItem;

export type Path = readonly Step[];

/** Characters that end a name. Outside of `${…}`, blanks and braces do too (Data Prep functions page, "Fields"). */
const nameEnds = { plain: /[.[\]{}\s]/, wrapped: /[.[\]]/ };

/**
 * Parses a path such as `data.items[*].sku`. A name that is not an identifier is wrapped in `${…}`, and a backslash makes the next
 * character part of the name. Throws Unreadable.
 */
export function readPath(text: string): Path {
  const refuse = () => new Unreadable(`"${text}" is not a path`);
  const path: Step[] = [];
  let at = 0;
  const takeNames = (end: number, ends: RegExp) => {
    let expectsName = true;
    while (at < end) {
      if (text[at] === "[") {
        const bracket = /^\[(?:(\d+)|\*)\]/.exec(text.slice(at, end));
        if (bracket === null || path.length === 0 || expectsName) throw refuse();
        path.push(bracket[1] === undefined ? everyItem : Number(bracket[1]));
        at += bracket[0].length;
      } else if (text[at] === "." && !expectsName) {
        expectsName = true;
        at += 1;
      } else if (expectsName && text.startsWith("${", at) && ends === nameEnds.plain) {
        const close = closingBrace(text, at + 2, end);
        if (close === undefined) throw refuse();
        at += 2;
        takeNames(close, nameEnds.wrapped);
        at = close + 1;
        expectsName = false;
      } else if (expectsName) {
        const [name, next] = takeName(text, at, end, ends);
        if (name === "") throw refuse();
        path.push(name);
        at = next;
        expectsName = false;
      } else throw refuse();
    }
    if (expectsName) throw refuse();
  };
  takeNames(text.length, nameEnds.plain);
  return path;
}

/** Index of the brace that closes a `${` whose content begins at `from`. */
function closingBrace(text: string, from: number, end: number): number | undefined {
  for (let at = from; at < end; at += text[at] === "\\" ? 2 : 1) if (text[at] === "}") return at;
  return undefined;
}

function takeName(text: string, from: number, end: number, ends: RegExp): [name: string, next: number] {
  let name = "";
  let at = from;
  while (at < end && !ends.test(text[at] ?? "")) {
    if (text[at] === "\\") at += 1;
    // A trailing backslash.
    if (at === end) return ["", end];
    name += text[at];
    at += 1;
  }
  return [name, at];
}

/**
 * The value at a path, or undefined if the path does not exist; null counts as existing. With `[*]` it is the array of the values
 * at the rest of the path, null where an item lacks it.
 */
export function valueAt(source: Json | undefined, path: Path, from = 0): Json | undefined {
  const step = path[from];
  if (step === undefined) return source;
  if (typeof step === "string") {
    return isObject(source) && Object.hasOwn(source, step) ? valueAt(source[step], path, from + 1) : undefined;
  }
  if (!Array.isArray(source)) return undefined;
  if (typeof step === "number") return valueAt(source[step], path, from + 1);
  return source.map((item) => valueAt(item, path, from + 1) ?? null);
}

/** A path for people: `data.items[0].sku`. */
export function showPath(path: Path): string {
  return path.reduce<string>((shown, step) => {
    if (typeof step === "string") return shown === "" ? step : `${shown}.${step}`;
    return `${shown}[${typeof step === "number" ? step : "*"}]`;
  }, "");
}
