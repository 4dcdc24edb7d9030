import { type JsonObject, objectOf } from "../../src/platform/web/json.ts";
import { experienceEvent, fieldGroup, fields, lookup, Platform, schema, schemaRegistry } from "./harness.ts";
import { expectPlainProblem, expectXdmProblem } from "./problems.ts";

const fieldGroups = `${schemaRegistry}/tenant/fieldgroups`;
const schemas = `${schemaRegistry}/tenant/schemas`;
let platform: Platform;

beforeEach(async () => {
  platform = await Platform.start();
});
afterEach(() => platform.close());

async function newFieldGroup(properties: JsonObject = fields, title?: string): Promise<string> {
  return String((await platform.call("POST", fieldGroups, { body: fieldGroup(properties, title) })).body.$id);
}

async function newSchema(group: string, title?: string): Promise<string> {
  return String((await platform.call("POST", schemas, { body: schema(group, title) })).body.$id);
}

const at = (collection: string, id: string) => `${collection}/${encodeURIComponent(id)}`;
const altId = (id: string) => id.replace("https://ns.adobe.com/", "_").replaceAll("/", ".");

describe("creation", () => {
  test("a field group is returned whole, with its ids and the types that the system adds", async () => {
    const { status, body } = await platform.call("POST", fieldGroups, { body: fieldGroup(fields) });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      $id: expect.stringMatching(/^https:\/\/ns\.adobe\.com\/acme\/mixins\/[0-9a-f]{48}$/),
      "meta:altId": altId(String(body.$id)),
      "meta:resourceType": "mixins",
      version: "1.0",
      title: "Events",
      type: "object",
      imsOrg: "0123456789ABCDEF01234567@AdobeOrg",
      "meta:intendedToExtend": [experienceEvent],
      "meta:tenantNamespace": "_acme",
      "meta:containerId": "tenant",
      "meta:sandboxType": "development",
      "meta:registryMetadata": { "repo:createdDate": platform.now, "xdm:createdClientId": "client" },
      allOf: [{ $ref: "#/definitions/customFields", type: "object", "meta:xdmType": "object" }],
      definitions: {
        customFields: {
          properties: {
            _acme: {
              "meta:xdmType": "object",
              properties: {
                email: { type: "string", "meta:xdmType": "string" },
                occurred: { format: "date-time", "meta:xdmType": "date-time" },
                count: { type: "integer", "meta:xdmType": "long" },
                isTest: { "meta:xdmType": "boolean" },
                tags: { "meta:xdmType": "array", items: { type: "string", "meta:xdmType": "string" } },
              },
            },
          },
        },
      },
    });
  });

  test("a schema lists its class and everything that it extends", async () => {
    const group = await newFieldGroup();
    const { status, body } = await platform.call("POST", schemas, { body: schema(group) });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      "meta:resourceType": "schemas",
      "meta:class": experienceEvent,
      refs: [experienceEvent, group],
      "meta:extends": [experienceEvent, group, "https://ns.adobe.com/xdm/data/time-series"],
    });
  });

  test("titles are unique across the types", async () => {
    const group = await newFieldGroup(fields, "Same");
    const answer = await platform.call("POST", schemas, { body: schema(group, "Same") });
    const message = `Object titles must be unique. An object ${group} already exists with the same title`;
    expectXdmProblem(answer, "1521-400", "Title not unique", message);
    const global = await platform.call("POST", schemas, { body: schema(group, "XDM ExperienceEvent") });
    expect(global.body.type).toBe("http://ns.adobe.com/aep/errors/XDM-1521-400");
  });

  test("titles of another sandbox don't matter", async () => {
    await newFieldGroup(fields, "Same");
    platform.sandbox = "prod";
    expect(await newFieldGroup(fields, "Same")).toMatch(/mixins/);
  });

  test("custom fields are under the tenant's namespace", async () => {
    const body = fieldGroup({});
    body.definitions = { customFields: { properties: { email: { type: "string" } } } };
    expectXdmProblem(
      await platform.call("POST", fieldGroups, { body }),
      "1021-400",
      "Namespace validation error",
      "A custom field is defined under an invalid namespace. All custom fields must be defined under a top-level field named _acme.",
    );
  });

  test.each(["_email", "e-mail address", "größe", "a.b"])("%s is not a name for a field", async (name) => {
    const body = fieldGroup({ inner: { type: "object", properties: { [name]: { type: "string" } } } });
    expectPlainProblem(await platform.call("POST", fieldGroups, { body }), 400, /is not valid/);
  });

  test.each([
    ["type", /type/],
    ["title", /title/],
    ["meta:intendedToExtend", /intendedToExtend/],
  ])("a field group without %s is refused", async (name, detail) => {
    const { [name]: _, ...body } = fieldGroup(fields);
    expectPlainProblem(await platform.call("POST", fieldGroups, { body }), 400, detail);
  });

  test("unknown classes and field groups are not found", async () => {
    const unknownClass = "https://ns.adobe.com/acme/classes/1";
    const group = { ...fieldGroup(fields), "meta:intendedToExtend": [unknownClass] };
    const message = `The requested class resource ${unknownClass} with version 1 is not found.`;
    expectXdmProblem(
      await platform.call("POST", fieldGroups, { body: group }),
      "1010-404",
      "Resource not found",
      message,
    );
    const unknownGroup = "https://ns.adobe.com/acme/mixins/1";
    expectXdmProblem(
      await platform.call("POST", schemas, { body: schema(unknownGroup) }),
      "1011-404",
      "Resource not found",
      `The requested field group resource ${unknownGroup} with version 1 is not found.`,
    );
  });

  test("a schema has one class, and field groups for that class", async () => {
    const group = await newFieldGroup();
    const without = { ...schema(group), allOf: [{ $ref: group }] };
    expectPlainProblem(await platform.call("POST", schemas, { body: without }), 400, /one class, not 0/);
    const profile = "https://ns.adobe.com/xdm/context/profile";
    const other = { ...schema(group), allOf: [{ $ref: profile }, { $ref: group }] };
    expectPlainProblem(await platform.call("POST", schemas, { body: other }), 400, /not intended to extend/);
  });

  test("field groups that disagree about a path can't be merged", async () => {
    const first = await newFieldGroup({ email: { type: "string" } }, "First");
    const second = await newFieldGroup({ email: { type: "object", properties: {} } }, "Second");
    const body = schema(first);
    body.allOf = [{ $ref: experienceEvent }, { $ref: first }, { $ref: second }];
    const answer = await platform.call("POST", schemas, { body });
    expectXdmProblem(
      answer,
      "1413-400",
      "Merge Schema Error",
      "Cannot merge incompatible data types. The path /_acme/email has already been defined using a different data type. Types: string, object",
    );
  });

  test("a reference to a definition that doesn't exist is refused", async () => {
    const body = { ...fieldGroup(fields), allOf: [{ $ref: "#/definitions/none" }] };
    expectPlainProblem(await platform.call("POST", fieldGroups, { body }), 400, /#\/definitions\/none/);
  });
});

describe("look-up", () => {
  test("finds by URL-encoded $id and by altId, with all inherited fields", async () => {
    const id = await newSchema(await newFieldGroup());
    for (const path of [at(schemas, id), `${schemas}/${altId(id)}`]) {
      const { status, body } = await platform.call("GET", path, { accept: lookup });
      expect(status).toBe(200);
      expect(body.$id).toBe(id);
      expect(Object.keys(objectOf(body.properties))).toEqual(
        expect.arrayContaining(["_id", "timestamp", "eventType", "identityMap", "_acme"]),
      );
      expect(body.required).toEqual(["_id", "timestamp"]);
      expect(body.allOf).toBeUndefined();
    }
  });

  test("xed keeps the references, notext leaves out all texts but no field of that name", async () => {
    const group = await newFieldGroup({ title: { type: "string", title: "A title", description: "Its text" } });
    const id = await newSchema(group);
    const plain = await platform.call("GET", at(schemas, id), { accept: "application/vnd.adobe.xed+json; version=1" });
    expect(plain.body.allOf).toEqual([
      { $ref: experienceEvent, type: "object", "meta:xdmType": "object" },
      { $ref: group, type: "object", "meta:xdmType": "object" },
    ]);
    const bare = "application/vnd.adobe.xed-full-notext+json; version=1";
    const { body } = await platform.call("GET", at(schemas, id), { accept: bare });
    expect(body.title).toBeUndefined();
    expect(objectOf(objectOf(body.properties)._acme).properties).toEqual({
      title: { type: "string", "meta:xdmType": "string" },
    });
    const described = "application/vnd.adobe.xed-full-desc+json; version=1";
    const { body: texts } = await platform.call("GET", at(schemas, id), { accept: described });
    expect(objectOf(objectOf(texts.properties)._acme).properties).toEqual({
      title: { type: "string", "meta:xdmType": "string", description: "Its text" },
    });
  });

  test("field groups and classes can be looked up too, each in its container", async () => {
    const group = await newFieldGroup();
    expect((await platform.call("GET", at(fieldGroups, group), { accept: lookup })).body.$id).toBe(group);
    const mixins = `${schemaRegistry}/tenant/mixins`;
    expect((await platform.call("GET", at(mixins, group), { accept: lookup })).body.$id).toBe(group);
    const classes = (container: string) => at(`${schemaRegistry}/${container}/classes`, experienceEvent);
    expect((await platform.call("GET", classes("global"), { accept: lookup })).body.title).toBe("XDM ExperienceEvent");
    expect((await platform.call("GET", classes("tenant"), { accept: lookup })).status).toBe(404);
  });

  test("refuses an unknown id, and an unknown version of a known one", async () => {
    const missing = "https://ns.adobe.com/acme/schemas/1";
    expectXdmProblem(
      await platform.call("GET", at(schemas, missing), { accept: lookup }),
      "1012-404",
      "Resource not found",
      `The requested schema resource ${missing} with version 1 is not found.`,
    );
    const id = await newSchema(await newFieldGroup());
    expectXdmProblem(
      await platform.call("GET", at(schemas, id), { accept: lookup.replace("=1", "=2") }),
      "1012-404",
      "Resource not found",
      `The requested schema resource ${id} with version 2 is not found.`,
    );
  });
});

describe("Accept headers", () => {
  const wrong = (given: string, example: string) =>
    `The supplied Accept header is not valid: ${given} - A valid Accept value should look like ${example}`;

  test("the header of a list must not name a version (XDM-1006)", async () => {
    const given = "application/vnd.adobe.xed+json;version=1";
    const message = wrong(given, "application/vnd.adobe.{xed|xdm}+json");
    expectXdmProblem(
      await platform.call("GET", schemas, { accept: given }),
      "1006-400",
      "Accept header invalid",
      message,
    );
    expect((await platform.call("GET", schemas)).body.type).toBe("http://ns.adobe.com/aep/errors/XDM-1006-400");
  });

  test("that of a look-up must name one (XDM-1007)", async () => {
    const given = "application/vnd.adobe.xed+json";
    const message = wrong(given, "application/vnd.adobe.{xed|xdm}+json; version=1 (Version should be specified)");
    const id = await newSchema(await newFieldGroup());
    expectXdmProblem(
      await platform.call("GET", at(schemas, id), { accept: given }),
      "1007-400",
      "Accept header invalid",
      message,
    );
  });

  test("descriptors use xdm (XDM-1008, XDM-1009)", async () => {
    const descriptors = `${schemaRegistry}/tenant/descriptors`;
    const given = "application/vnd.adobe.xed+json";
    expectXdmProblem(
      await platform.call("GET", descriptors, { accept: given }),
      "1008-400",
      "Accept header invalid",
      wrong(given, "application/vnd.adobe.xdm-id+json"),
    );
    expectXdmProblem(
      await platform.call("GET", `${descriptors}/1`, { accept: lookup }),
      "1009-400",
      "Accept header invalid",
      wrong(lookup, "application/vnd.adobe.xdm+json"),
    );
  });
});
