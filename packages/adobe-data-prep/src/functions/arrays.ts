import type { FunctionTable } from "../function-entry.ts";

export const arrayFunctions = {
  coalesce: {
    description: "The first argument, or item of an array, that is not null.",
    parameters: "INPUT...",
    returns: "arguments",
    example: 'coalesce(null, null, null, "first", null, "second")',
  },
  first: {
    description: "The first item of an array.",
    parameters: "INPUT...",
    returns: "any",
    example: 'first("1", "2", "3")',
  },
  last: {
    description: "The last item of an array.",
    parameters: "INPUT...",
    returns: "any",
    example: 'last("1", "2", "3")',
  },
  add_to_array: {
    description: "An array with items added at its end.",
    parameters: "ARRAY, VALUES...?",
    returns: "array",
    example: "add_to_array(['a', 'b'], 'c', 'd')",
  },
  join_arrays: {
    description: "One array with the items of all arrays.",
    parameters: "ARRAY...",
    returns: "array",
    example: "join_arrays(['a', 'b'], ['c'], ['d', 'e'])",
  },
  to_array: {
    description: "An array of its arguments, with or without nulls.",
    parameters: "INCLUDE_NULLS, VALUES...?",
    returns: "array",
    example: "to_array(false, 1, null, 2, 3)",
  },
  size_of: {
    description: "The number of items in an array.",
    parameters: "INPUT",
    returns: "integer",
    example: "size_of([1, 2, 3, 4])",
  },
  upsert_array_append: {
    description: "In an update, appends an array to the profile's; otherwise the array itself.",
    parameters: "ARRAY",
    returns: "array",
    example: "upsert_array_append([123, 456])",
  },
  upsert_array_replace: {
    description: "In an update, replaces items of the profile's array; otherwise the array itself.",
    parameters: "ARRAY, INDEX?",
    returns: "array",
    example: "upsert_array_replace([123, 456], 1)",
  },
  array_to_string: {
    description: "Joins the items of an array to a string, with a separator between them.",
    parameters: "SEPARATOR, ARRAY",
    returns: "string",
    example: "array_to_string('_', ['a', 'b'])",
  },
  filterArray: {
    description: "The items of an array that meet a condition.",
    parameters: "ARRAY, CONDITION",
    returns: "array",
    example: "filterArray(organizations, org -> org.founded > 2021)",
  },
  transformArray: {
    description: "An array of the results of an expression for each item.",
    parameters: "ARRAY, EXPRESSION",
    returns: "array",
    example: "transformArray(organizations, org -> ucase(org.orgName))",
  },
  flattenArray: {
    description: "Flattens an array of arrays into one array.",
    parameters: "ARRAY",
    returns: "array",
    example: "flattenArray([['a'], ['b', 'c']])",
  },
} as const satisfies FunctionTable;
