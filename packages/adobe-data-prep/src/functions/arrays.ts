import type { FunctionTable } from "../function-entry.ts";

export const arrayFunctions = {
  coalesce: {
    description: "The first of its arguments, or of an array's items, that is not null.",
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
    description: "An array with more items at its end.",
    parameters: "ARRAY, VALUES...?",
    returns: "array",
    example: "add_to_array(['a', 'b'], 'c', 'd')",
  },
  join_arrays: {
    description: "One array of the items of all.",
    parameters: "ARRAY...",
    returns: "array",
    example: "join_arrays(['a', 'b'], ['c'], ['d', 'e'])",
  },
  to_array: {
    description: "An array of its arguments, with the nulls among them or without.",
    parameters: "INCLUDE_NULLS, VALUES...?",
    returns: "array",
    example: "to_array(false, 1, null, 2, 3)",
  },
  size_of: {
    description: "How many items an array has.",
    parameters: "INPUT",
    returns: "integer",
    example: "size_of([1, 2, 3, 4])",
  },
  upsert_array_append: {
    description: "Adds an array to the end of the profile's one, in an update; otherwise the array itself.",
    parameters: "ARRAY",
    returns: "array",
    example: "upsert_array_append([123, 456])",
  },
  upsert_array_replace: {
    description: "Replaces items of the profile's array, in an update; otherwise the array itself.",
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
    description: "An array of what an expression makes of each item.",
    parameters: "ARRAY, EXPRESSION",
    returns: "array",
    example: "transformArray(organizations, org -> ucase(org.orgName))",
  },
  flattenArray: {
    description: "One array of the items of an array's arrays.",
    parameters: "ARRAY",
    returns: "array",
    example: "flattenArray([['a'], ['b', 'c']])",
  },
} as const satisfies FunctionTable;
