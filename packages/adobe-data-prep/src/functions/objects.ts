import type { FunctionTable } from "../function-entry.ts";

export const objectFunctions = {
  is_empty: {
    description: "Whether an object or array is empty.",
    parameters: "INPUT",
    returns: "boolean",
    example: "is_empty([1, null, 2, 3])",
  },
  arrays_to_object: {
    // The page lists one name, and uses the other in its example.
    synonyms: ["arrays_to_objects"],
    description: "An array of objects from keys and the array of each key's values.",
    parameters: "INPUT...",
    returns: "array",
    example: "arrays_to_object('sku', explode(\"id1|id2\", '\\\\|'), 'price', [22.5, 14.35])",
  },
  to_object: {
    description: "An object from keys and values, in turn.",
    parameters: "INPUT...?",
    returns: "object",
    example: 'to_object("firstName", "John", "lastName", "Doe")',
  },
  str_to_object: {
    description: "Parses keys and values from a string; .get() returns one of them.",
    parameters: "STRING, VALUE_DELIMITER?, FIELD_DELIMITER?",
    returns: "object",
    example: 'str_to_object("firstName=John,lastName=Doe,phone=123 456 7890", "=", ",")',
  },
  contains_key: {
    description: "Whether the source data has a path, which is given as a string.",
    parameters: "INPUT",
    returns: "boolean",
    example: 'contains_key("evars.evar.field1")',
  },
  is_set: {
    description: "Deprecated by Adobe in favor of contains_key.",
    parameters: "INPUT",
    returns: "boolean",
    example: 'is_set("evars.evar.field1")',
  },
  nullify: { description: "Leaves the field empty.", parameters: "", returns: "null", example: "nullify()" },
  get_keys: {
    description: "The keys of an object.",
    parameters: "OBJECT",
    returns: "string[]",
    example: 'get_keys({"book1": "Pride and Prejudice", "book2": "1984"})',
  },
  get_values: {
    description: "Parses keys and values from a string and returns the value of one key.",
    parameters: "STRING, KEY, VALUE_DELIMITER, FIELD_DELIMITER?",
    returns: "string",
    example: 'get_values("firstName - John , lastName - Cena", "firstName", "-", ",")',
  },
  map_get_values: {
    description: "The value of a key, or the values of an array of keys.",
    parameters: "MAP, KEY",
    returns: "any",
    example: 'map_get_values(book_details, "author")',
  },
  map_has_keys: {
    description: "Whether a map has a key, or one of an array of keys.",
    parameters: "MAP, KEY",
    returns: "boolean",
    example: 'map_has_keys(book_details, "author")',
  },
  add_to_map: {
    description: "Merges maps; the first value of a repeated key is kept.",
    parameters: "MAP, MAP...",
    returns: "object",
    example: "add_to_map(book_details, book_details2)",
  },
} as const satisfies FunctionTable;

export const mapFunctions = {
  array_to_map: {
    description: "A map of an array's objects by the value of one of their fields.",
    parameters: "INPUTS, KEY",
    returns: "object",
    example: 'array_to_map(addresses, "type")',
  },
  object_to_map: {
    description: "A map from keys and values in turn, from an object, or from an array of objects and a field's name.",
    parameters: "INPUT...",
    returns: "object",
    example: 'object_to_map("firstName", "John", "lastName", "Doe")',
  },
  to_map: {
    description: "A map from keys and values, in turn.",
    parameters: "INPUT...?",
    returns: "object",
    example: 'to_map("firstName", "John", "lastName", "Doe")',
  },
} as const satisfies FunctionTable;

export const jsonFunctions = {
  json_to_object: {
    description: "Reads JSON.",
    parameters: "STRING",
    returns: "any",
    example: 'json_to_object("{\\"info\\":{\\"firstName\\":\\"John\\"}}")',
  },
} as const satisfies FunctionTable;
