import { type EventField, type EventFieldType, eventFields } from "./fields.ts";

/** A schema's fields with all field groups resolved, in the Schema Registry's form `xed-full`. */
export type SchemaDefinition = Readonly<Record<string, unknown>>;

/** Which fields of the event catalogue a schema has under `_<tenant>.customerio`. */
export interface SchemaFit {
  /** Fields that exist and accept the values of events. */
  readonly fields: readonly EventField[];
  /** Names of fields that the schema lacks. */
  readonly missing: readonly string[];
  /** Fields that exist but would refuse values of events: `timestamp is string, not long`. */
  readonly unfit: readonly string[];
}

type Property = Readonly<Record<string, unknown>>;

/**
 * Checks whether an existing schema has the fields that events need.
 *
 * @param tenantId the organization's tenant id, without the leading underscore
 */
export function checkSchemaFit(definition: SchemaDefinition, tenantId: string): SchemaFit {
  const found = eventFields.map((field) => ({
    field,
    property: propertyAt(definition, [`_${tenantId}`, "customerio", field.name]),
  }));
  return {
    fields: found.flatMap(({ field, property }) => (property && acceptsType(property, field.type) ? [field] : [])),
    missing: found.flatMap(({ field, property }) => (property ? [] : [field.name])),
    unfit: found.flatMap(({ field, property }) =>
      property && !acceptsType(property, field.type)
        ? [`${field.name} is ${typeName(property)}, not ${field.type}`]
        : [],
    ),
  };
}

/** Whether the schema has a field at the path of property names. */
export function hasField(definition: SchemaDefinition, path: readonly string[]): boolean {
  return propertyAt(definition, path) !== undefined;
}

function propertyAt(definition: SchemaDefinition, path: readonly string[]): Property | undefined {
  let property: Property | undefined = definition;
  for (const name of path) property = objectOf(objectOf(property?.properties)?.[name]);
  return property;
}

/** Today's ids and epoch seconds fit into 32 bits, so int is enough for long. A restricted text would refuse events. */
function acceptsType(property: Property, type: EventFieldType): boolean {
  switch (type) {
    case "string":
      return typeName(property) === "string";
    case "long":
      return property.type === "number" || (property.type === "integer" && largest(property) >= 2_147_483_647);
    case "boolean":
      return property.type === "boolean";
    case "date-time":
      return typeName(property) === "date-time";
    case "string[]":
      return typeName(property) === "string[]";
  }
}

function typeName(property: Property): string {
  const { type, format, items } = property;
  if (type === "array") return `${typeName(objectOf(items) ?? {})}[]`;
  if (type === "integer") return typeof property["meta:xdmType"] === "string" ? property["meta:xdmType"] : "integer";
  if (type !== "string") return String(type ?? "object");
  if (typeof format === "string") return format;
  const restricted = ["enum", "pattern", "maxLength"].find((rule) => property[rule] !== undefined);
  return restricted ? `string restricted by ${restricted}` : "string";
}

function largest({ maximum }: Property): number {
  return typeof maximum === "number" ? maximum : Number.POSITIVE_INFINITY;
}

function objectOf(value: unknown): Property | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Property) : undefined;
}
