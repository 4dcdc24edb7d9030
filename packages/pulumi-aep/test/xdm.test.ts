import fc from "fast-check";
import { findBrokenFields, keepSpelling, majorVersionOf, normalizeDefinition } from "../src/client/xdm.ts";

type Field = { readonly [key: string]: unknown };

const leaf = fc.constantFrom<Field>(
  { type: "string", title: "Email" },
  { type: "string", format: "date-time" },
  { type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 },
  { type: "boolean", description: "Whether it was opened." },
  { type: "array", items: { type: "string" } },
);
// Fields may have the names of keywords that the registry adds.
const name = fc.constantFrom("email", "description", "type", "required", "isRequired", "metric");
const definition: fc.Arbitrary<Field> = fc.letrec<{ field: Field; object: Field }>((tie) => ({
  field: fc.oneof({ maxDepth: 3 }, leaf, tie("object")),
  object: fc.record({ type: fc.constant("object"), properties: fc.dictionary(name, tie("field"), { maxKeys: 4 }) }),
})).object;

/** A definition as the registry returns it. */
function asAnswered(field: unknown): unknown {
  if (Array.isArray(field)) return field;
  if (field === null || typeof field !== "object") return field;
  const { properties, items, ...rest } = field as Field;
  const type = rest.type ?? "object";
  return {
    description: "",
    ...rest,
    type,
    isRequired: false,
    required: [],
    "meta:xdmType": type,
    "meta:xedConverted": true,
    ...(items ? { items: asAnswered(items) } : {}),
    ...(properties
      ? { properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, asAnswered(value)])) }
      : {}),
  };
}

/** The outermost object without its type, as people write it. */
function withoutType({ type: _, ...rest }: Field): Field {
  return rest;
}

test("additions by the registry are not a difference, in any definition", () => {
  fc.assert(
    fc.property(definition, (sent) => {
      const answered = asAnswered(sent);
      expect(keepSpelling<unknown>(sent, answered, normalizeDefinition)).toBe(sent);
      const terse = withoutType(sent);
      expect(keepSpelling<unknown>(terse, answered, normalizeDefinition)).toBe(terse);
    }),
  );
});

test("a real difference is shown with the vendor's value", () => {
  const known = { properties: { email: { type: "string" } } };
  const found = { properties: { email: { type: "integer" } } };
  expect(keepSpelling<unknown>(known, found, normalizeDefinition)).toBe(found);
  expect(keepSpelling<unknown>(undefined, found, normalizeDefinition)).toBe(found);
});

test("equal definitions and added fields are not breaking changes", () => {
  fc.assert(
    fc.property(definition, definition, (sent, more) => {
      expect(findBrokenFields({ fields: sent }, { fields: sent })).toEqual([]);
      const added = { ...sent, properties: { more, ...(sent.properties as object) } };
      expect(findBrokenFields({ fields: sent }, { fields: added })).toEqual([]);
    }),
  );
});

test("removed, retyped and restricted fields are named by their path", () => {
  const group = (properties: Field) => ({
    customFields: { type: "object", properties: { _acme: { type: "object", properties } } },
  });
  const before = group({
    email: { type: "string" },
    opened: { type: "string" },
    sent: { type: "string", format: "date-time" },
    topics: { type: "array", items: { type: "string" } },
    person: { $ref: "https://ns.adobe.com/xdm/context/person" },
    same: { type: "string", title: "Old" },
    looser: { type: "string", maxLength: 8, pattern: "^a", enum: ["a"] },
    shorter: { type: "string", maxLength: 8 },
    limited: { type: "integer" },
    patterned: { type: "string" },
  });
  const after = group({
    opened: { type: "boolean" },
    sent: { type: "string" },
    topics: { type: "array", items: { type: "integer" } },
    person: { $ref: "https://ns.adobe.com/xdm/context/other" },
    same: { type: "string", title: "New" },
    looser: { type: "string", maxLength: 9 },
    shorter: { type: "string", maxLength: 7 },
    limited: { type: "integer", minimum: 0 },
    patterned: { type: "string", pattern: "^a" },
  });
  expect(findBrokenFields(before, after)).toEqual([
    "_acme.email",
    "_acme.opened",
    "_acme.sent",
    "_acme.topics",
    "_acme.person",
    "_acme.shorter",
    "_acme.limited",
    "_acme.patterned",
  ]);
  expect(findBrokenFields(before, {})).toEqual(["customFields"]);
});

test.each([
  ["application/vnd.adobe.xed-full+json;version=1", 1],
  ["application/vnd.adobe.xed-full-notext+json; version=2", 2],
  ["1.0", 1],
  [undefined, 1],
])("the major version in %s is %d", (contentType, version) => {
  expect(majorVersionOf(contentType)).toBe(version);
});
