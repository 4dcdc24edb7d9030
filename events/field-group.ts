import { type EventFieldType, eventFields } from "./fields.ts";

/** A part of a JSON schema in the form that Platform's Schema Registry accepts. */
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

/** The part of a field group's body that defines its fields. */
export type FieldGroupBody = {
  readonly definitions: { readonly customFields: XdmProperty };
  readonly allOf: readonly { readonly $ref: string }[];
};

/** The JSON schema of each type. The registry distinguishes long from int by these bounds. */
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
 * They are under `_<tenantId>.customerio`, one level deeper than necessary, so that they can't clash with the fields of
 * another field group in the organization (XDM-1413-400 once two schemas are enabled for Profile).
 *
 * @param tenantId the organization's tenant id from `GET /schemaregistry/stats`, without the leading underscore
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
