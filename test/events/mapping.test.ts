import { fieldGroupBody, type XdmProperty } from "../../events/field-group.ts";
import { type EventFieldType, eventFields } from "../../events/fields.ts";
import { eventMappings } from "../../events/mapping.ts";

const body = fieldGroupBody("acme");
const mappings = eventMappings({ tenantId: "acme", testMode: false });

/** The property of the field group at a dot path, or undefined. */
function propertyAt(path: string): XdmProperty | undefined {
  return path
    .split(".")
    .reduce<XdmProperty | undefined>((property, name) => property?.properties?.[name], body.definitions.customFields);
}

const xdm: Record<EventFieldType, object> = {
  string: { type: "string" },
  long: { type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 },
  boolean: { type: "boolean" },
  "date-time": { type: "string", format: "date-time" },
  "string[]": { type: "array", items: { type: "string" } },
};

describe("fieldGroupBody", () => {
  test("has the shape of a field group, with the fields one level below the tenant", () => {
    expect(body.allOf).toEqual([{ $ref: "#/definitions/customFields" }]);
    expect(Object.keys(body)).toEqual(["definitions", "allOf"]);
    expect(Object.keys(body.definitions)).toEqual(["customFields"]);
    expect(Object.keys(body.definitions.customFields.properties ?? {})).toEqual(["_acme"]);
    expect(Object.keys(propertyAt("_acme")?.properties ?? {})).toEqual(["customerio"]);
    expect(Object.keys(propertyAt("_acme.customerio")?.properties ?? {})).toEqual(eventFields.map(({ name }) => name));
  });

  test.each(eventFields.map((field) => [field.name, field] as const))("%s has its title, text and type", (_, field) => {
    const { name, title, description, type } = field;
    expect(propertyAt(`_acme.customerio.${name}`)).toEqual({ title, description, ...xdm[type] });
  });

  test("is deterministic", () => {
    expect(JSON.stringify(fieldGroupBody("acme"))).toBe(JSON.stringify(body));
  });

  test("is a new object for each caller", () => {
    expect(JSON.stringify(fieldGroupBody("other"))).toBe(JSON.stringify(body).replace("_acme", "_other"));
  });
});

describe("eventMappings", () => {
  test("maps the fields that an ExperienceEvent requires first", () => {
    expect(mappings.slice(0, 3)).toEqual([
      { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
      { sourceType: "ATTRIBUTE", source: "relay.occurred_at", destination: "timestamp" },
      { sourceType: "ATTRIBUTE", source: "object_type", destination: "_acme.customerio.object_type" },
    ]);
  });

  test("maps every field of the field group once, and nothing that it lacks", () => {
    const fieldMappings = mappings.slice(2);
    expect(fieldMappings.map(({ source }) => source)).toEqual(eventFields.map(({ source }) => source));
    for (const [index, { destination }] of fieldMappings.entries()) {
      const type = eventFields[index]?.type;
      expect(propertyAt(destination)).toMatchObject(type ? xdm[type] : {});
    }
    expect(new Set(mappings.map(({ destination }) => destination)).size).toBe(eventFields.length + 2);
  });

  test("leaves out cio_id, and nothing else, in test mode", () => {
    expect(eventMappings({ tenantId: "acme", testMode: true })).toEqual(
      mappings.filter(({ source }) => source !== "data.identifiers.cio_id"),
    );
    expect(eventMappings({ tenantId: "acme", testMode: true })).toHaveLength(mappings.length - 1);
  });
});
