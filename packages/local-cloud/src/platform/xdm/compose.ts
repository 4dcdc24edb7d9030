import type { Sandbox, XdmResource } from "../state/model.ts";
import { isObject, itemsOf, type Json, type JsonObject, objectOf, stringOf, stringsOf } from "../web/json.ts";

/** A composed schema: one tree of fields, every `$ref` and `allOf` resolved, `required` by property name. */
export interface ComposedSchema extends JsonObject {
  type: "object";
  properties: JsonObject;
  required: string[];
}

/** Two parts of a schema define one path with different types. */
export class MergeConflict extends Error {
  readonly path: string;
  readonly types: readonly string[];

  constructor(path: string, types: readonly string[]) {
    super(`The path ${path} is defined with the types ${types.join(", ")}`);
    this.path = path;
    this.types = types;
  }
}

/** A `$ref` to an unknown resource. */
export class UnknownReference extends Error {
  readonly reference: string;

  constructor(reference: string) {
    super(`Nothing is known by the reference ${reference}`);
    this.reference = reference;
  }
}

export type ResourceLookup = (id: string) => XdmResource | undefined;

/** Composes a resource's fields from its class, field groups, data types and own definitions. */
export function compose(body: JsonObject, lookup: ResourceLookup): ComposedSchema {
  const resolved = resolve(body, objectOf(body.definitions), lookup, []);
  const properties = objectOf(resolved.properties);
  const required = stringsOf(resolved.required).map((name) => propertyName(name, properties));
  return { type: "object", properties, required: [...new Set(required)] };
}

const composedSchemas = new WeakMap<Sandbox, { revision: number; schemas: Map<string, ComposedSchema> }>();

/** The composed form of a sandbox's schema, cached until its registry changes. */
export function composedSchema(sandbox: Sandbox, id: string): ComposedSchema {
  let known = composedSchemas.get(sandbox);
  if (known?.revision !== sandbox.registryRevision) {
    known = { revision: sandbox.registryRevision, schemas: new Map() };
    composedSchemas.set(sandbox, known);
  }
  const kept = known.schemas.get(id);
  if (kept !== undefined) return kept;
  const resource = sandbox.resources.get(id);
  if (resource === undefined) throw new UnknownReference(id);
  const schema = compose(resource.body, (reference) => sandbox.resources.get(reference));
  known.schemas.set(id, schema);
  return schema;
}

/** The field at a path of property names, or undefined. */
export function fieldAt(schema: JsonObject, path: readonly string[]): JsonObject | undefined {
  let field: JsonObject | undefined = schema;
  for (const name of path) {
    const next: Json | undefined = objectOf(field?.properties)[name] ?? field?.additionalProperties;
    field = isObject(next) ? next : undefined;
  }
  return field;
}

/** Adds one tree of fields to another; throws a MergeConflict where the types differ. */
export function mergeFields(target: JsonObject, addition: JsonObject, path = ""): JsonObject {
  const merged: JsonObject = { ...target, ...addition };
  const types = [xdmType(target), xdmType(addition)].filter((type) => type !== undefined);
  if (new Set(types).size > 1) throw new MergeConflict(path, types);
  if (isObject(target.items) && isObject(addition.items)) {
    merged.items = mergeFields(target.items, addition.items, `${path}[]`);
  }
  if (target.properties !== undefined || addition.properties !== undefined) {
    const properties: JsonObject = { ...objectOf(target.properties) };
    for (const [name, field] of Object.entries(objectOf(addition.properties))) {
      const existing = properties[name];
      properties[name] = isObject(existing) ? mergeFields(existing, objectOf(field), `${path}/${name}`) : field;
    }
    merged.properties = properties;
  }
  const required = [...stringsOf(target.required), ...stringsOf(addition.required)];
  if (required.length > 0) merged.required = [...new Set(required)];
  return merged;
}

/** A date-time is a different type from a string, although JSON schema distinguishes it only by its format. */
function xdmType(field: JsonObject): string | undefined {
  return stringOf(field.format) ?? stringOf(field.type);
}

function resolve(
  node: JsonObject,
  definitions: JsonObject,
  lookup: ResourceLookup,
  trail: readonly string[],
): JsonObject {
  const { $ref, allOf, properties, items, additionalProperties, definitions: _own, ...plain } = node;
  let resolved: JsonObject = plain;
  if (typeof $ref === "string") resolved = mergeFields(followReference($ref, definitions, lookup, trail), resolved);
  for (const part of itemsOf(allOf)) {
    resolved = mergeFields(resolved, resolve(objectOf(part), definitions, lookup, trail));
  }
  if (isObject(properties)) {
    const own: JsonObject = {};
    for (const [name, field] of Object.entries(properties)) {
      own[name] = resolve(objectOf(field), definitions, lookup, trail);
    }
    resolved = mergeFields(resolved, { properties: own });
  }
  if (isObject(items)) resolved.items = resolve(items, definitions, lookup, trail);
  if (isObject(additionalProperties)) {
    resolved.additionalProperties = resolve(additionalProperties, definitions, lookup, trail);
  } else if (additionalProperties !== undefined) {
    resolved.additionalProperties = additionalProperties;
  }
  return resolved;
}

function followReference(
  reference: string,
  definitions: JsonObject,
  lookup: ResourceLookup,
  trail: readonly string[],
): JsonObject {
  if (trail.includes(reference)) throw new UnknownReference(reference);
  const here = [...trail, reference];
  if (reference.startsWith("#/definitions/")) {
    const definition = definitions[reference.slice("#/definitions/".length)];
    if (!isObject(definition)) throw new UnknownReference(reference);
    return resolve(definition, definitions, lookup, here);
  }
  const resource = lookup(reference);
  if (resource === undefined) throw new UnknownReference(reference);
  const fields = resolve(resource.body, objectOf(resource.body.definitions), lookup, here);
  // A referenced resource contributes its fields, not its name and documentation.
  return { type: "object", properties: fields.properties, required: fields.required };
}

function propertyName(required: string, properties: JsonObject): string {
  if (properties[required] !== undefined) return required;
  const found = Object.entries(properties).find(([, field]) => objectOf(field)["meta:xdmField"] === required);
  return found?.[0] ?? required;
}
