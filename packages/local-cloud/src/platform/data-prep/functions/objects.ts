import type { Json } from "../../web/json.ts";
import { readPath, valueAt } from "../language/path.ts";
import { type EvaluationContext, isValueObject, TransformError, type Value, type ValueObject } from "../value.ts";
import { arrayOf, type Evaluations, eager, numberOf, ofStrings, stringValueOf, valueText } from "./evaluation.ts";

export const objectEvaluations = {
  size_of: eager(([input = null]) => sizeOf(input)),
  is_empty: eager(([input = null]) => sizeOf(input) === 0),
  to_object: eager(pairs),
  str_to_object: eager(
    ofStrings((text, valueDelimiter = ":", fieldDelimiter = ",") => parseKeyed(text, valueDelimiter, fieldDelimiter)),
  ),
  get_values: eager(([string = null, key, valueDelimiter, fieldDelimiter]) =>
    ofStrings(
      (text) =>
        parseKeyed(text, stringValueOf(valueDelimiter) || ":", stringValueOf(fieldDelimiter) || ",")[
          stringValueOf(key) ?? ""
        ] ?? null,
    )([string]),
  ),
  contains_key: eager(isThere),
  is_set: eager(isThere),
  nullify: eager(() => null),
  get_keys: eager(([object = null]) => (object === null ? null : Object.keys(objectOf(object)))),
  json_to_object: eager(ofStrings((text = "") => JSON.parse(text) as Json)),
  to_map: eager(pairs),
  object_to_map: eager(([input = null, ...others]) => {
    if (isValueObject(input) && others.length === 0) return input;
    if (input === null) return null;
    return Array.isArray(input) ? byKey(input, stringValueOf(others[0])) : pairs([input, ...others]);
  }),
  array_to_map: eager(([inputs = null, key]) => (inputs === null ? null : byKey(arrayOf(inputs), stringValueOf(key)))),
  add_to_map: eager((inputs) => Object.assign({}, ...inputs.map(objectOf).reverse()) as ValueObject),
  map_get_values: eager(([map = null, key = null]) => {
    if (map === null) return null;
    const values = objectOf(map);
    return Array.isArray(key) ? key.map((name) => values[String(name)] ?? null) : (values[String(key)] ?? null);
  }),
  map_has_keys: eager(
    ([map = null, key = null]) =>
      map !== null && (Array.isArray(key) ? key : [key]).some((name) => Object.hasOwn(objectOf(map), String(name))),
  ),
  arrays_to_object: eager((given) => {
    if (given.length % 2 === 1) throw new TransformError("Keys and arrays must come in pairs");
    const columns = given.flatMap((key, index) =>
      index % 2 === 0 ? [[stringValueOf(key) ?? "", given[index + 1]] as const] : [],
    );
    const rows = Math.max(...columns.map(([, items]) => arrayOf(items).length));
    return Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(columns.map(([key, items]) => [key, arrayOf(items)[row] ?? null])),
    );
  }),
} satisfies Evaluations;

function isThere([path = null]: readonly Value[], { source }: EvaluationContext): boolean {
  return valueAt(source, readPath(stringValueOf(path) ?? "")) !== undefined;
}

function pairs(values: readonly Value[]): ValueObject {
  if (values.length % 2 === 1) throw new TransformError("Keys and values must come in pairs");
  const result: ValueObject = {};
  for (let i = 0; i < values.length; i += 2) result[stringValueOf(values[i]) ?? ""] = values[i + 1];
  return result;
}

function parseKeyed(text: string, valueDelimiter: string, fieldDelimiter: string): ValueObject {
  const result: ValueObject = {};
  for (const field of text.split(fieldDelimiter)) {
    const [key = "", ...value] = field.split(valueDelimiter);
    result[key.trim()] = value.join(valueDelimiter).trim();
  }
  return result;
}

function byKey(items: readonly Value[], key: string | undefined): ValueObject {
  if (key === undefined) throw new TransformError("The name of the key is missing");
  return Object.fromEntries(items.map((item) => [stringValueOf(objectOf(item)[key]) ?? "", item]));
}

function objectOf(value: Value): ValueObject {
  if (!isValueObject(value)) throw new TransformError(`${valueText(value)} is not an object`);
  return value;
}

function sizeOf(value: Value): number {
  if (value === null) return 0;
  if (Array.isArray(value) || typeof value === "string") return value.length;
  return isValueObject(value) ? Object.keys(value).length : numberOf(1);
}
