import type { Json } from "../../json.ts";
import { parsePath, readPath } from "../source-path.ts";
import { isValueObject, TransformError, type Value, type ValueObject } from "../value.ts";
import {
  any,
  arrayOf,
  type MapperFunction,
  mapperFunction,
  numberOf,
  ofStrings,
  show,
  textOf,
} from "./mapper-function.ts";

const objects = "Hierarchies - Objects";
const maps = "Hierarchies - Map";

export const objectFunctions: readonly MapperFunction[] = [
  mapperFunction({
    names: ["size_of"],
    category: objects,
    description: "Returns the size of the input.",
    syntax: "size_of(INPUT)",
    example: "size_of([1, 2, 3, 4])",
    takes: 1,
    of: ([input = null]) => sizeOf(input),
  }),
  mapperFunction({
    names: ["is_empty"],
    category: objects,
    description: "Checks whether or not an object is empty.",
    syntax: "is_empty(INPUT)",
    example: "is_empty([1, 2, 3])",
    takes: 1,
    of: ([input = null]) => sizeOf(input) === 0,
  }),
  mapperFunction({
    names: ["to_object"],
    category: objects,
    description: "Creates an object based on the flat key/value pairs given.",
    syntax: "to_object(INPUT)",
    example: 'to_object("firstName", "John", "lastName", "Doe")',
    takes: [0, any],
    of: pairs,
  }),
  mapperFunction({
    names: ["str_to_object"],
    category: objects,
    description: "Creates an object from the input string.",
    syntax: "str_to_object(STRING, VALUE_DELIMITER, FIELD_DELIMITER)",
    example: 'str_to_object("firstName=John,lastName=Doe,phone=123 456 7890", "=", ",")',
    takes: [1, 3],
    of: ofStrings((text, valueDelimiter = ":", fieldDelimiter = ",") => keyed(text, valueDelimiter, fieldDelimiter)),
  }),
  mapperFunction({
    names: ["get_values"],
    category: objects,
    description: "Parses the key/value pairs and returns the value of the string, based on the given key.",
    syntax: "get_values(STRING, KEY, VALUE_DELIMITER, FIELD_DELIMITER)",
    example: 'get_values("firstName - John , lastName - Cena", "firstName", "-", ",")',
    takes: [3, 4],
    of: ([string = null, key, valueDelimiter, fieldDelimiter]) =>
      ofStrings(
        (text) => keyed(text, textOf(valueDelimiter) || ":", textOf(fieldDelimiter) || ",")[textOf(key) ?? ""] ?? null,
      )([string]),
  }),
  mapperFunction({
    names: ["contains_key"],
    category: objects,
    description: "Checks if the object exists within the source data.",
    syntax: "contains_key(INPUT)",
    example: 'contains_key("evars.evar.field1")',
    takes: 1,
    of: ([path = null], { source }) => readPath(source, parsePath(textOf(path) ?? "")) !== undefined,
  }),
  mapperFunction({
    names: ["nullify"],
    category: objects,
    description: "Sets the value of the attribute to null.",
    syntax: "nullify()",
    example: "nullify()",
    takes: 0,
    of: () => null,
  }),
  mapperFunction({
    names: ["get_keys"],
    category: objects,
    description: "Parses the key/value pairs and returns all the keys.",
    syntax: "get_keys(OBJECT)",
    example: 'get_keys({"book1": "Pride and Prejudice", "book2": "1984"})',
    takes: 1,
    of: ([object = null]) => (object === null ? null : Object.keys(objectOf(object))),
  }),
  mapperFunction({
    names: ["json_to_object"],
    category: "JSON",
    description: "Deserialize JSON content from the given string.",
    syntax: "json_to_object(STRING)",
    example: 'json_to_object("{\\"info\\":{\\"firstName\\":\\"John\\"}}")',
    takes: 1,
    of: ofStrings((text = "") => JSON.parse(text) as Json),
  }),
  mapperFunction({
    names: ["to_map"],
    category: maps,
    description: "Takes a list of key-value pairs and returns a map of key-value pairs.",
    syntax: "to_map(OBJECT_INPUT)",
    example: 'to_map("firstName", "John", "lastName", "Doe")',
    takes: [0, any],
    of: pairs,
  }),
  mapperFunction({
    names: ["object_to_map"],
    category: maps,
    description:
      "Creates a map from key-value pairs, from an object, or from an array of objects and the name of a key in them.",
    syntax: "object_to_map(OBJECT_INPUT)",
    example: 'object_to_map("firstName", "John", "lastName", "Doe")',
    takes: [1, any],
    of: ([input = null, ...others]) => {
      if (isValueObject(input) && others.length === 0) return input;
      if (input === null) return null;
      return Array.isArray(input) ? byKey(input, textOf(others[0])) : pairs([input, ...others]);
    },
  }),
  mapperFunction({
    names: ["array_to_map"],
    category: maps,
    description: "Takes an object array and a key and returns a map of the key's values with the array elements.",
    syntax: "array_to_map(OBJECT[] INPUTS, KEY)",
    example: 'array_to_map(addresses, "type")',
    takes: 2,
    of: ([inputs = null, key]) => (inputs === null ? null : byKey(arrayOf(inputs), textOf(key))),
  }),
  mapperFunction({
    names: ["add_to_map"],
    category: maps,
    description: "Returns a single map with all key-value pairs of all inputs; of a repeated key the first stays.",
    syntax: "add_to_map(MAP 1, MAP 2, MAP 3, ...)",
    example: "add_to_map(book_details, book_details2)",
    takes: [2, any],
    of: (inputs) => Object.assign({}, ...inputs.map(objectOf).reverse()) as ValueObject,
  }),
  mapperFunction({
    names: ["map_get_values"],
    category: maps,
    description: "Returns the value of a key, or the values of an array of keys.",
    syntax: "map_get_values(MAP, KEY)",
    example: 'map_get_values(book_details, "author")',
    takes: 2,
    of: ([map = null, key = null]) => {
      if (map === null) return null;
      const values = objectOf(map);
      return Array.isArray(key) ? key.map((name) => values[String(name)] ?? null) : (values[String(key)] ?? null);
    },
  }),
  mapperFunction({
    names: ["map_has_keys"],
    category: maps,
    description: "Tells whether the map has the key, or any of an array of keys.",
    syntax: "map_has_keys(MAP, KEY)",
    example: 'map_has_keys(book_details, "author")',
    takes: 2,
    of: ([map = null, key = null]) =>
      map !== null && (Array.isArray(key) ? key : [key]).some((name) => Object.hasOwn(objectOf(map), String(name))),
  }),
];

function pairs(values: readonly Value[]): ValueObject {
  if (values.length % 2 === 1) throw new TransformError("Keys and values must come in pairs");
  const result: ValueObject = {};
  for (let i = 0; i < values.length; i += 2) result[textOf(values[i]) ?? ""] = values[i + 1];
  return result;
}

function keyed(text: string, valueDelimiter: string, fieldDelimiter: string): ValueObject {
  const result: ValueObject = {};
  for (const field of text.split(fieldDelimiter)) {
    const [key = "", ...value] = field.split(valueDelimiter);
    result[key.trim()] = value.join(valueDelimiter).trim();
  }
  return result;
}

function byKey(items: readonly Value[], key: string | undefined): ValueObject {
  if (key === undefined) throw new TransformError("The name of the key is missing");
  return Object.fromEntries(items.map((item) => [textOf(objectOf(item)[key]) ?? "", item]));
}

function objectOf(value: Value): ValueObject {
  if (!isValueObject(value)) throw new TransformError(`${show(value)} is not an object`);
  return value;
}

function sizeOf(value: Value): number {
  if (value === null) return 0;
  if (Array.isArray(value) || typeof value === "string") return value.length;
  return isValueObject(value) ? Object.keys(value).length : numberOf(1);
}
