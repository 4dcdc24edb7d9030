import type { PathStep } from "adobe-data-prep";
import { fieldGroupBody } from "../events/field-group.ts";
import type { SchemaDefinition } from "../events/schema-fit.ts";

type FieldType = "string" | "integer" | "number" | "boolean" | "date-time" | "date" | "array" | "object" | "unknown";

/** What the mapping checks need to know about a field of a schema. */
export interface SchemaField {
  readonly type: FieldType;
  /** Of an array. */
  readonly items?: SchemaField;
  /** The largest number that it can hold. */
  readonly maximum?: number;
  /** The only texts that it accepts. */
  readonly values?: readonly string[];
}

/** The fields of a target schema. */
export interface SchemaFields {
  field(path: readonly PathStep[]): SchemaField | undefined;
  /** The paths of all fields that hold a value, for suggestions. */
  readonly paths: readonly string[];
  /** The paths that are required in a record with values at the given paths. */
  requiredPaths(mapped: readonly string[]): string[];
}

/** The fields of an existing schema. */
export function definedFields(definition: SchemaDefinition): SchemaFields {
  return {
    field: (path) => {
      const found = path.reduce<SchemaDefinition | undefined>(child, definition);
      return found && fieldOf(found);
    },
    paths: leaves(definition, ""),
    requiredPaths: (mapped) => requiredOf(definition, "", mapped),
  };
}

/** The fields of the schema that this package creates: those of the class and of the event catalogue. */
export function ownFields(tenantId: string): SchemaFields {
  const text = { type: "string" };
  const identity = { type: "object", properties: { id: text, authenticatedState: text, primary: { type: "boolean" } } };
  // Adobe: "XDM ExperienceEvent class".
  const ofClass = {
    _id: text,
    timestamp: { type: "string", format: "date-time" },
    eventType: text,
    eventMergeId: text,
    producedBy: text,
    identityMap: { type: "object", additionalProperties: { type: "array", items: identity } },
  };
  const { properties } = fieldGroupBody(tenantId).definitions.customFields;
  return definedFields({ properties: { ...ofClass, ...properties }, required: ["_id", "timestamp"] });
}

function child(parent: SchemaDefinition | undefined, step: PathStep): SchemaDefinition | undefined {
  if (parent === undefined) return undefined;
  if (step.kind !== "field") return objectOf(parent.items);
  return objectOf(objectOf(parent.properties)?.[step.name]) ?? objectOf(parent.additionalProperties);
}

function fieldOf(definition: SchemaDefinition): SchemaField {
  const { items, maximum } = definition;
  const values = Array.isArray(definition.enum) ? definition.enum.filter((value) => typeof value === "string") : [];
  return {
    type: typeOf(definition),
    ...(objectOf(items) === undefined ? {} : { items: fieldOf(objectOf(items) ?? {}) }),
    ...(typeof maximum === "number" ? { maximum } : {}),
    ...(values.length > 0 ? { values } : {}),
  };
}

function typeOf({ type, format, properties }: SchemaDefinition): FieldType {
  if (type === "string" && (format === "date-time" || format === "date")) return format;
  if (type === "string" || type === "integer" || type === "number" || type === "boolean") return type;
  if (type === "array" || type === "object") return type;
  return properties === undefined ? "unknown" : "object";
}

function leaves(definition: SchemaDefinition, prefix: string): string[] {
  return Object.entries(objectOf(definition.properties) ?? {}).flatMap(([name, property]) => {
    const field = objectOf(property) ?? {};
    return field.properties === undefined ? [`${prefix}${name}`] : leaves(field, `${prefix}${name}.`);
  });
}

/** An object's required fields are required only if something is mapped into it. */
function requiredOf(definition: SchemaDefinition, prefix: string, mapped: readonly string[]): string[] {
  const properties = objectOf(definition.properties) ?? {};
  const names = Array.isArray(definition.required) ? definition.required.map(String) : [];
  const own = names.map((name) => `${prefix}${propertyName(name, properties)}`);
  const inner = Object.entries(properties).flatMap(([name, property]) => {
    const path = `${prefix}${name}.`;
    return mapped.some((other) => other.startsWith(path)) ? requiredOf(objectOf(property) ?? {}, path, mapped) : [];
  });
  return [...own, ...inner];
}

/** The registry names required fields of its own library by their XDM names, such as `xdm:timestamp`. */
function propertyName(required: string, properties: SchemaDefinition): string {
  if (properties[required] !== undefined) return required;
  const byXdmName = Object.keys(properties).find((name) => objectOf(properties[name])?.["meta:xdmField"] === required);
  if (byXdmName !== undefined) return byXdmName;
  // Otherwise apply the rule for XDM names: `@id` is `_id`, `xdm:timestamp` is `timestamp`.
  const plain = required.replace(/^@/, "_").replace(/^xdm:/, "");
  return properties[plain] === undefined ? required : plain;
}

function objectOf(value: unknown): SchemaDefinition | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as SchemaDefinition) : undefined;
}
