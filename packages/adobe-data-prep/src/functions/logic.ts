import type { FunctionTable } from "../function-entry.ts";

export const logicFunctions = {
  decode: {
    description: "The value of a key in a list of keys and values, or the default value at its end.",
    parameters: "KEY, OPTIONS...",
    returns: "any",
    example: 'decode(stateCode, "ca", "California", "pa", "Pennsylvania", "N/A")',
  },
  iif: {
    description: "One value if a condition is true, and another if it is false.",
    parameters: "EXPRESSION, TRUE_VALUE, FALSE_VALUE",
    returns: "arguments",
    example: 'iif("s".equalsIgnoreCase("S"), "True", "False")',
  },
} as const satisfies FunctionTable;

export const aggregationFunctions = {
  min: {
    description: "The smallest of its arguments.",
    parameters: "OPTIONS...",
    returns: "arguments",
    example: "min(3, 1, 4)",
  },
  max: {
    description: "The greatest of its arguments.",
    parameters: "OPTIONS...",
    returns: "arguments",
    example: "max(3, 1, 4)",
  },
} as const satisfies FunctionTable;

export const conversionFunctions = {
  to_bigint: {
    description: "Converts to a number of any size.",
    parameters: "STRING",
    returns: "integer",
    example: 'to_bigint("1000000.34")',
  },
  to_decimal: {
    description: "Converts to a double.",
    parameters: "STRING",
    returns: "number",
    example: 'to_decimal("20.5")',
  },
  to_float: {
    description: "Converts to a float.",
    parameters: "STRING",
    returns: "number",
    example: 'to_float("12.3456")',
  },
  to_integer: {
    description: "Converts to a whole number.",
    parameters: "STRING",
    returns: "integer",
    example: 'to_integer("12")',
  },
} as const satisfies FunctionTable;

export const specialFunctions = {
  uuid: {
    synonyms: ["guid"],
    description: "A random id, different each time.",
    parameters: "",
    returns: "string",
    example: "uuid()",
  },
  fpid_to_ecid: {
    description: "The Experience Cloud id of a first-party device id.",
    parameters: "STRING",
    returns: "string",
    example: 'fpid_to_ecid("4ed70bee-b654-420a-a3fd-b58b6b65e991")',
  },
} as const satisfies FunctionTable;
