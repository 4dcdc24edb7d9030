import { fieldGroupBody } from "../../events/field-group.ts";
import { eventMappings } from "../../events/mapping.ts";
import { definedFields, ownFields, type SchemaFields } from "../../mapping/schema-fields.ts";
import { parsePath } from "../../packages/adobe-data-prep/src/source-path.ts";
import type { JsonObject } from "../../packages/local-cloud/src/platform/web/json.ts";
import { experienceEvent, Platform, schemaRegistry } from "../../packages/local-cloud/test/platform/harness.ts";

let platform: Platform;
let defined: SchemaFields;

/** A schema that this package creates, as the registry returns it in full. */
beforeAll(async () => {
  platform = await Platform.start();
  const make = async (kind: string, body: object) => {
    const made = await platform.call("POST", `${schemaRegistry}/tenant/${kind}`, { body: body as JsonObject });
    return String(made.body.$id);
  };
  const group = await make("fieldgroups", {
    type: "object",
    title: "Fields",
    "meta:intendedToExtend": [experienceEvent],
    ...fieldGroupBody("acme"),
  });
  const schema = await make("schemas", {
    type: "object",
    title: "Events",
    description: "Events",
    allOf: [{ $ref: experienceEvent }, { $ref: group }],
  });
  const path = `${schemaRegistry}/tenant/schemas/${encodeURIComponent(schema)}`;
  const accept = "application/vnd.adobe.xed-full+json; version=1";
  defined = definedFields((await platform.call("GET", path, { accept })).body);
});
afterAll(() => platform.close());

const own = ownFields("acme");

test("the registry returns the fields that are created here", () => {
  for (const path of eventMappings({ tenantId: "acme", testMode: false }).map(({ destination }) => destination)) {
    expect([path, own.field(parsePath(path))]).toEqual([path, defined.field(parsePath(path))]);
  }
  expect(own.paths.filter((path) => !defined.paths.includes(path))).toEqual([]);
  expect([own.requiredPaths([]), defined.requiredPaths([])]).toEqual([
    ["_id", "timestamp"],
    ["_id", "timestamp"],
  ]);
});

test.each<[string, object | undefined]>([
  ["_id", { type: "string" }],
  ["timestamp", { type: "date-time" }],
  ["_acme.customerio.timestamp", { type: "integer", maximum: 9007199254740992 }],
  ["_acme.customerio.topics", { type: "array", items: { type: "string" } }],
  ["_acme.customerio.topics[0]", { type: "string" }],
  ["_acme.customerio.machine", { type: "boolean" }],
  ["_acme.customerio", { type: "object" }],
  ["identityMap.Email[0].id", { type: "string" }],
  ["identityMap.Email", { type: "array", items: { type: "object" } }],
  ["_acme.none", undefined],
  ["_id.deeper", undefined],
])("%s", (path, field) => {
  expect(own.field(parsePath(path))).toEqual(field);
  expect(defined.field(parsePath(path))).toEqual(field);
});

test("an object's required fields count once something is mapped into it", () => {
  const { requiredPaths } = definedFields({
    properties: { web: { properties: { url: { type: "string" } }, required: ["url"] } },
  });
  expect(requiredPaths([])).toEqual([]);
  expect(requiredPaths(["web.visits"])).toEqual(["web.url"]);
});
