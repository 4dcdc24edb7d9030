import { isObject, type Json, type JsonObject } from "./json.ts";

/** One `property=<path><operator><value>` of a list call. */
export interface Condition {
  readonly path: string;
  readonly operator: string;
  readonly value: string;
}

/** Splits a condition at its first operator; undefined if it has none. */
export function parsePropertyCondition(text: string): Condition | undefined {
  const match = /^([^=!<>~]+)([=!<>]=|[=!<>~]+)(.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, path = "", operator = "", value = ""] = match;
  return { path, operator, value };
}

/** Whether any value at the condition's path fulfills it for one of `values`. */
export function fulfills(item: JsonObject, { path, operator }: Condition, values: readonly string[]): boolean {
  const found = valuesAt(item, path.split("."));
  if (operator === "!=") return !found.some((value) => values.includes(String(value)));
  return found.some((value) => values.some((wanted) => compares(value, operator, wanted)));
}

/** Compares two values for sorting lists: numbers by size, everything else by its text, missing values first. */
export function compareValues(left: Json | undefined, right: Json | undefined): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  const [a, b] = [left, right].map((value) => (value === undefined || value === null ? "" : String(value)));
  return a === b ? 0 : (a ?? "") < (b ?? "") ? -1 : 1;
}

/** The values at a dotted path; `name[]` stands for each item of an array. */
export function valuesAt(item: Json | undefined, path: readonly string[]): Json[] {
  const [head, ...rest] = path;
  if (head === undefined) return item === undefined ? [] : [item];
  if (!isObject(item)) return [];
  if (!head.endsWith("[]")) return valuesAt(item[head], rest);
  const array = item[head.slice(0, -2)];
  return Array.isArray(array) ? array.flatMap((entry) => valuesAt(entry, rest)) : [];
}

function compares(value: Json, operator: string, wanted: string): boolean {
  if (operator === "==") return String(value) === wanted;
  if (operator === "~") return new RegExp(wanted).test(String(value));
  const order = compareValues(value, typeof value === "number" ? Number(wanted) : wanted);
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  if (operator === ">") return order > 0;
  return operator === ">=" && order >= 0;
}
