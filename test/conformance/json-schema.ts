import {
  isObject,
  itemsOf,
  type Json,
  type JsonObject,
  stringsOf,
} from "../../packages/local-cloud/src/platform/web/json.ts";

/** Keys under which a description holds schemas by arbitrary names. */
const mapsOfSchemas = ["properties", "patternProperties", "schemas", "definitions"];
/** Keys that do not affect validity, with `$id`s that would be mistaken for those of schemas. */
const withoutMeaning = ["example", "examples", "discriminator", "xml", "externalDocs"];

/**
 * A description whose schemas are written as OpenAPI 3.0 or Swagger 2.0 have them, as JSON Schema of 2020-12.
 *
 * A request may have only properties in the description, so that a misspelled one is found; in an answer a
 * vendor may always add one. Read-only properties are not required in a request.
 */
export function jsonSchemas(description: JsonObject, direction: "request" | "answer"): JsonObject {
  return convert(description, direction, false);
}

/** `part`: whether it is one of several schemas that together describe a value, and so lists only some properties. */
function convert(node: JsonObject, direction: "request" | "answer", part: boolean): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(node)) {
    if (withoutMeaning.includes(key) || key === "nullable") continue;
    const inPart = ["allOf", "anyOf", "oneOf"].includes(key);
    if (isObject(value) && mapsOfSchemas.includes(key)) {
      const entries = Object.entries(value).map(([name, schema]): [string, Json | undefined] => [
        name,
        isObject(schema) ? convert(schema, direction, false) : schema,
      ]);
      result[key] = Object.fromEntries(entries);
    } else if (isObject(value)) result[key] = convert(value, direction, false);
    else if (Array.isArray(value)) {
      result[key] = value.map((item) => (isObject(item) ? convert(item, direction, inPart) : item));
    } else result[key] = value;
  }
  const closes = "properties" in node || "allOf" in node;
  if (direction === "request" && closes && !part && node.additionalProperties === undefined) {
    result.unevaluatedProperties = false;
  }
  if (direction === "request" && Array.isArray(node.required)) result.required = writable(node);
  // Of a single property, as the third draft of JSON Schema had it.
  if (typeof node.required === "boolean" && !("in" in node)) delete result.required;
  if (node.nullable === true) {
    if (typeof result.type === "string") result.type = [result.type, "null"];
    if (Array.isArray(result.enum)) result.enum = [...result.enum, null];
  }
  return result;
}

function writable(node: JsonObject): string[] {
  const properties = isObject(node.properties) ? node.properties : {};
  return stringsOf(itemsOf(node.required)).filter((name) => {
    const property = properties[name];
    return !(isObject(property) && property.readOnly === true);
  });
}
