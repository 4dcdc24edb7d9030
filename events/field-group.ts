import { type EventFieldType, eventFields } from "./fields.ts";

/** A part of a JSON schema as Platform's Schema Registry takes it. */
export type XdmProperty = {
  readonly type: "object" | "string" | "integer" | "boolean" | "array";
  readonly title?: string;
  readonly description?: string;
  readonly format?: "date-time";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: XdmProperty;
  readonly properties?: Readonly<Record<string, XdmProperty>>;
};

/** The part of a field group's body that says which fields it has. */
export type FieldGroupBody = {
  readonly definitions: { readonly customFields: XdmProperty };
  readonly allOf: readonly { readonly $ref: string }[];
};

/** The JSON schema that stands for each type; the registry tells a long from an int by these bounds. */
const xdmTypes: Record<EventFieldType, XdmProperty> = {
  string: { type: "string" },
  long: { type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 },
  boolean: { type: "boolean" },
  "date-time": { type: "string", format: "date-time" },
  "string[]": { type: "array", items: { type: "string" } },
};

/**
 * The fields of the event catalogue as `definitions` and `allOf` of a field group.
 *
 * They lie under `_<tenantId>.customerio`, one level deeper than they need to, so that they can't clash with the fields of
 * another field group of the organization (XDM-1413-400 once two schemas are enabled for Profile).
 *
 * @param tenantId the organization's tenant id as `GET /schemaregistry/stats` gives it, without the leading underscore
 */
export function fieldGroupBody(tenantId: string): FieldGroupBody {
  const properties = Object.fromEntries(
    eventFields.map(({ name, title, description, type }) => [name, { title, description, ...xdmTypes[type] }]),
  );
  const customerio: XdmProperty = {
    type: "object",
    title: "Customer.io",
    description: "An event of Customer.io: what happened, to whom, and by which message.",
    properties,
  };
  return {
    definitions: {
      customFields: {
        type: "object",
        properties: { [`_${tenantId}`]: { type: "object", properties: { customerio } } },
      },
    },
    allOf: [{ $ref: "#/definitions/customFields" }],
  };
}
