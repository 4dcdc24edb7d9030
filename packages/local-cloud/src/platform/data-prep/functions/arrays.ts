import { isValueObject, type Value } from "../value.ts";
import { arrayOf, type Evaluations, eager, stringValueOf, truthOf } from "./evaluation.ts";

/** A list given as arguments, or as the one array among them. */
function listOf(values: readonly Value[]): readonly Value[] {
  const [only] = values;
  return values.length === 1 && Array.isArray(only) ? only : values;
}

export const arrayEvaluations = {
  coalesce: eager((values) => listOf(values).find((value) => value !== null) ?? null),
  first: eager((values) => listOf(values)[0] ?? null),
  last: eager((values) => listOf(values).at(-1) ?? null),
  add_to_array: eager(([array = null, ...values]) => [...arrayOf(array), ...values]),
  join_arrays: eager((arrays) => arrays.flatMap(arrayOf)),
  to_array: eager(([includeNulls = null, ...values]) =>
    includeNulls === true ? values : values.filter((value) => value !== null),
  ),
  // Without a profile to update, the array itself.
  upsert_array_append: eager(([array = null]) => array),
  upsert_array_replace: eager(([array = null]) => array),
  array_to_string: eager(([separator = null, array = null]) => {
    if (array === null) return null;
    return flatten(arrayOf(array))
      .map(itemText)
      .join(stringValueOf(separator) ?? "");
  }),
  filterArray: ([array, condition]) => {
    const items = array?.() ?? null;
    return items === null ? null : arrayOf(items).filter((item) => truthOf(condition?.(item) ?? null));
  },
  transformArray: ([array, expression]) => {
    const items = array?.() ?? null;
    return items === null ? null : arrayOf(items).map((item) => expression?.(item) ?? null);
  },
  flattenArray: eager(([array = null]) => (array === null ? null : flatten(arrayOf(array)))),
} satisfies Evaluations;

function flatten(items: readonly Value[]): Value[] {
  return items.flatMap((item) => (Array.isArray(item) ? flatten(item) : [item]));
}

/** Objects are written as JSON with single quotes, as on Adobe's pages about exporting arrays. */
function itemText(item: Value): string {
  return isValueObject(item) ? JSON.stringify(item).replaceAll('"', "'") : (stringValueOf(item) ?? "");
}
