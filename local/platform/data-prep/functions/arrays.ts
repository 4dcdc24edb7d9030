import type { Value } from "../value.ts";
import { any, arrayOf, type MapperFunction, mapperFunction } from "./mapper-function.ts";

const category = "Hierarchies - Arrays";

/** A list given as arguments, or as the one array among them. */
function listOf(values: readonly Value[]): readonly Value[] {
  const [only] = values;
  return values.length === 1 && Array.isArray(only) ? only : values;
}

export const arrayFunctions: readonly MapperFunction[] = [
  mapperFunction({
    names: ["coalesce"],
    category,
    description: "Returns the first non-null object in a given array.",
    syntax: "coalesce(INPUT)",
    example: 'coalesce(null, null, null, "first", null, "second")',
    takes: [1, any],
    of: (values) => listOf(values).find((value) => value !== null) ?? null,
  }),
  mapperFunction({
    names: ["first"],
    category,
    description: "Retrieves the first element of the given array.",
    syntax: "first(INPUT)",
    example: 'first("1", "2", "3")',
    takes: [1, any],
    of: (values) => listOf(values)[0] ?? null,
  }),
  mapperFunction({
    names: ["last"],
    category,
    description: "Retrieves the last element of the given array.",
    syntax: "last(INPUT)",
    example: 'last("1", "2", "3")',
    takes: [1, any],
    of: (values) => listOf(values).at(-1) ?? null,
  }),
  mapperFunction({
    names: ["add_to_array"],
    category,
    description: "Adds elements to the end of the array.",
    syntax: "add_to_array(ARRAY, VALUES)",
    example: "add_to_array(['a', 'b'], 'c', 'd')",
    takes: [1, any],
    of: ([array = null, ...values]) => [...arrayOf(array), ...values],
  }),
  mapperFunction({
    names: ["join_arrays"],
    category,
    description: "Combines the arrays with each other.",
    syntax: "join_arrays(ARRAY, VALUES)",
    example: "join_arrays(['a', 'b'], ['c'], ['d', 'e'])",
    takes: [1, any],
    of: (arrays) => arrays.flatMap(arrayOf),
  }),
  mapperFunction({
    names: ["to_array"],
    category,
    description: "Takes a list of inputs and converts it to an array.",
    syntax: "to_array(INCLUDE_NULLS, VALUES)",
    example: "to_array(false, 1, null, 2, 3)",
    takes: [1, any],
    of: ([includeNulls = null, ...values]) =>
      includeNulls === true ? values : values.filter((value) => value !== null),
  }),
];
