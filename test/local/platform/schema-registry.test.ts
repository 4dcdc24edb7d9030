import { type JsonObject, objectOf } from "../../../local/platform/json.ts";
import {
  type Answer,
  experienceEvent,
  fieldGroup,
  fields,
  lookup,
  Platform,
  schema,
  schemaRegistry,
  wire,
} from "./harness.ts";

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

function expectProblem(answer: Answer, code: string, title: string, message: string): void {
  const status = Number(code.slice(-3));
  expect(answer.status).toBe(status);
  expect(answer.json).toEqual({
    type: `http://ns.adobe.com/aep/errors/XDM-${code}`,
    title,
    status,
    report: {
      registryRequestId: answer.headers.get("x-request-id"),
      timestamp: "05-01-2024 12:00:00",
      "detailed-message": message,
      "sub-errors": [],
    },
    detail: message,
  });
}

function expectPlain(answer: Answer, status: number, detail: RegExp): void {
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ type: "/placeholder/type/uri", status, detail: expect.stringMatching(detail) });
}

describe("creation", () => {
  test("a field group is answered whole, with its ids and the types that the system adds", async () => {
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

  test("a schema knows its class and all that it extends", async () => {
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
    expectProblem(answer, "1521-400", "Title not unique", message);
    const global = await platform.call("POST", schemas, { body: schema(group, "XDM ExperienceEvent") });
    expect(global.body.type).toBe("http://ns.adobe.com/aep/errors/XDM-1521-400");
  });

  test("titles of another sandbox don't matter", async () => {
    await newFieldGroup(fields, "Same");
    platform.sandbox = "prod";
    expect(await newFieldGroup(fields, "Same")).toMatch(/mixins/);
  });

  test("custom fields sit under the tenant's namespace", async () => {
    const body = fieldGroup({});
    body.definitions = { customFields: { properties: { email: { type: "string" } } } };
    expectProblem(
      await platform.call("POST", fieldGroups, { body }),
      "1021-400",
      "Namespace validation error",
      "A custom field is defined under an invalid namespace. All custom fields must be defined under a top-level field named _acme.",
    );
  });

  test.each(["_email", "e-mail address", "größe", "a.b"])("%s is no name for a field", async (name) => {
    const body = fieldGroup({ inner: { type: "object", properties: { [name]: { type: "string" } } } });
    expectPlain(await platform.call("POST", fieldGroups, { body }), 400, /is not valid/);
  });

  test.each([
    ["type", /type/],
    ["title", /title/],
    ["meta:intendedToExtend", /intendedToExtend/],
  ])("a field group without %s is refused", async (name, detail) => {
    const { [name]: _, ...body } = fieldGroup(fields);
    expectPlain(await platform.call("POST", fieldGroups, { body }), 400, detail);
  });

  test("unknown classes and field groups are not found", async () => {
    const unknownClass = "https://ns.adobe.com/acme/classes/1";
    const group = { ...fieldGroup(fields), "meta:intendedToExtend": [unknownClass] };
    const message = `The requested class resource ${unknownClass} with version 1 is not found.`;
    expectProblem(await platform.call("POST", fieldGroups, { body: group }), "1010-404", "Resource not found", message);
    const unknownGroup = "https://ns.adobe.com/acme/mixins/1";
    expectProblem(
      await platform.call("POST", schemas, { body: schema(unknownGroup) }),
      "1011-404",
      "Resource not found",
      `The requested field group resource ${unknownGroup} with version 1 is not found.`,
    );
  });

  test("a schema has one class, and field groups that are meant for it", async () => {
    const group = await newFieldGroup();
    const without = { ...schema(group), allOf: [{ $ref: group }] };
    expectPlain(await platform.call("POST", schemas, { body: without }), 400, /one class, not 0/);
    const profile = "https://ns.adobe.com/xdm/context/profile";
    const other = { ...schema(group), allOf: [{ $ref: profile }, { $ref: group }] };
    expectPlain(await platform.call("POST", schemas, { body: other }), 400, /not intended to extend/);
  });

  test("field groups that disagree about a path can't be merged", async () => {
    const first = await newFieldGroup({ email: { type: "string" } }, "First");
    const second = await newFieldGroup({ email: { type: "object", properties: {} } }, "Second");
    const body = schema(first);
    body.allOf = [{ $ref: experienceEvent }, { $ref: first }, { $ref: second }];
    const answer = await platform.call("POST", schemas, { body });
    expectProblem(
      answer,
      "1413-400",
      "Merge Schema Error",
      "Cannot merge incompatible data types. The path /_acme/email has already been defined using a different data type. Types: string, object",
    );
  });

  test("a reference to a definition that doesn't exist is refused", async () => {
    const body = { ...fieldGroup(fields), allOf: [{ $ref: "#/definitions/none" }] };
    expectPlain(await platform.call("POST", fieldGroups, { body }), 400, /#\/definitions\/none/);
  });
});

describe("look-up", () => {
  test("by URL-encoded $id and by altId, with all inherited fields", async () => {
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

  test("an unknown id, and an unknown version of a known one", async () => {
    const missing = "https://ns.adobe.com/acme/schemas/1";
    expectProblem(
      await platform.call("GET", at(schemas, missing), { accept: lookup }),
      "1012-404",
      "Resource not found",
      `The requested schema resource ${missing} with version 1 is not found.`,
    );
    const id = await newSchema(await newFieldGroup());
    expectProblem(
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

  test("a list must not name a version (XDM-1006)", async () => {
    const given = "application/vnd.adobe.xed+json;version=1";
    const message = wrong(given, "application/vnd.adobe.{xed|xdm}+json");
    expectProblem(await platform.call("GET", schemas, { accept: given }), "1006-400", "Accept header invalid", message);
    expect((await platform.call("GET", schemas)).body.type).toBe("http://ns.adobe.com/aep/errors/XDM-1006-400");
  });

  test("a look-up must (XDM-1007)", async () => {
    const given = "application/vnd.adobe.xed+json";
    const message = wrong(given, "application/vnd.adobe.{xed|xdm}+json; version=1 (Version should be specified)");
    const id = await newSchema(await newFieldGroup());
    expectProblem(
      await platform.call("GET", at(schemas, id), { accept: given }),
      "1007-400",
      "Accept header invalid",
      message,
    );
  });

  test("descriptors speak xdm (XDM-1008, XDM-1009)", async () => {
    const descriptors = `${schemaRegistry}/tenant/descriptors`;
    const given = "application/vnd.adobe.xed+json";
    expectProblem(
      await platform.call("GET", descriptors, { accept: given }),
      "1008-400",
      "Accept header invalid",
      wrong(given, "application/vnd.adobe.xdm-id+json"),
    );
    expectProblem(
      await platform.call("GET", `${descriptors}/1`, { accept: lookup }),
      "1009-400",
      "Accept header invalid",
      wrong(lookup, "application/vnd.adobe.xdm+json"),
    );
  });
});

describe("lists", () => {
  const ids = "application/vnd.adobe.xed-id+json";

  test("by title, as the adoption of an existing schema needs it", async () => {
    const id = await newSchema(await newFieldGroup(), "Wanted");
    await newSchema(await newFieldGroup(fields, "More"), "Other");
    const { body } = await platform.call("GET", `${schemas}?property=title==Wanted`, { accept: ids });
    expect(body.results).toEqual([{ title: "Wanted", $id: id, "meta:altId": altId(id), version: "1.0" }]);
    expect(body._page).toEqual({ orderby: "title", next: null, count: 1 });
  });

  test("pages go on after the last value of the one before", async () => {
    for (const title of ["C", "A", "D", "B"]) await newFieldGroup(fields, title);
    const titles = async (query: string) => {
      const { body } = await platform.call("GET", `${fieldGroups}?${query}`, { accept: ids });
      const results = body.results as JsonObject[];
      return { titles: results.map((item) => item.title), next: objectOf(body._page).next };
    };
    expect(await titles("orderby=title&limit=3")).toEqual({ titles: ["A", "B", "C"], next: "C" });
    expect(await titles("orderby=title&limit=3&start=C")).toEqual({ titles: ["D"], next: null });
    expect(await titles("orderby=-title&limit=2")).toEqual({ titles: ["D", "C"], next: "C" });
    expect(await titles("orderby=-title&limit=2&start=C")).toEqual({ titles: ["B", "A"], next: null });
  });

  test.each([
    ["title!=A", ["B"]],
    ["title>A", ["B"]],
    ["title<=A", ["A"]],
    [`meta:intendedToExtend==${experienceEvent}`, ["A", "B"]],
    ["version==2.0", []],
  ])("the filter %s", async (filter, expected) => {
    for (const title of ["A", "B"]) await newFieldGroup(fields, title);
    const path = `${fieldGroups}?property=${encodeURIComponent(filter)}`;
    const { body } = await platform.call("GET", path, { accept: ids });
    expect((body.results as JsonObject[]).map((item) => item.title)).toEqual(expected);
  });

  test("xed shows whole resources", async () => {
    await newFieldGroup();
    const { body } = await platform.call("GET", fieldGroups, { accept: "application/vnd.adobe.xed+json" });
    expect(body.results).toEqual([expect.objectContaining({ definitions: expect.any(Object) })]);
  });

  test("limit and start need orderby", async () => {
    expectPlain(await platform.call("GET", `${schemas}?limit=5`, { accept: ids }), 400, /orderby/);
  });

  test("the global container has the standard resources", async () => {
    const { body } = await platform.call("GET", `${schemaRegistry}/global/classes`, { accept: ids });
    expect((body.results as JsonObject[]).map((item) => item.title)).toEqual([
      "XDM ExperienceEvent",
      "XDM Individual Profile",
    ]);
  });
});

describe("changes", () => {
  const addGroup = (id: string) => [
    { op: "add", path: "/meta:extends/-", value: id },
    { op: "add", path: "/allOf/-", value: { $ref: id } },
  ];

  test("a patch adds a field group, and the version grows", async () => {
    const id = await newSchema(await newFieldGroup());
    const more = await newFieldGroup({ phone: { type: "string" } }, "More");
    const { status, body } = await platform.call("PATCH", at(schemas, id), { body: addGroup(more) });
    expect(status).toBe(200);
    expect(body).toMatchObject({ version: "1.1", refs: expect.arrayContaining([more]) });
    const read = await platform.call("GET", at(schemas, id), { accept: lookup });
    expect(objectOf(objectOf(objectOf(read.body.properties)._acme).properties)).toHaveProperty("phone");
  });

  test("PUT replaces; an answer can be sent back as it came", async () => {
    const id = await newSchema(await newFieldGroup());
    const accept = "application/vnd.adobe.xed+json; version=1";
    const { body } = await platform.call("GET", at(schemas, id), { accept });
    const put = await platform.call("PUT", at(schemas, id), { body: { ...body, title: "Renamed" } });
    expect(put.body).toMatchObject({ $id: id, title: "Renamed", version: "1.1", allOf: body.allOf });
  });

  test.each([
    [[{ op: "replace", path: "/none/deeper", value: 1 }], /none/],
    [[{ op: "move", path: "/title", from: "/description" }], /move/],
    [{ op: "add" }, /array/],
  ])("the patch %j is refused", async (body, detail) => {
    const id = await newSchema(await newFieldGroup());
    expectPlain(await platform.call("PATCH", at(schemas, id), { body }), 400, detail);
  });

  test("Adobe's own resources can't be changed", async () => {
    const path = at(fieldGroups, "https://ns.adobe.com/xdm/context/identitymap");
    expect((await platform.call("PATCH", path, { body: [] })).status).toBe(403);
  });

  test("until a dataset uses the schema, fields may go; then they may only come", async () => {
    const group = await newFieldGroup();
    await newSchema(group);
    const { email: _, ...rest } = fields;
    const smaller = await platform.call("PUT", at(fieldGroups, group), { body: fieldGroup(rest) });
    expect(smaller.status).toBe(200);

    const wiring = await wire(await inSandbox("prod"));
    const used = at(fieldGroups, wiring.fieldGroup);
    expectPlain(await platform.call("PUT", used, { body: fieldGroup(rest) }), 400, /\/_acme\/email was removed/);
    const retyped = fieldGroup({ ...fields, email: { type: "integer" } });
    expectPlain(await platform.call("PUT", used, { body: retyped }), 400, /another type/);
    const larger = fieldGroup({ ...fields, phone: { type: "string" } });
    expect((await platform.call("PUT", used, { body: larger })).status).toBe(200);
    const without = { ...schema(wiring.fieldGroup), allOf: [{ $ref: experienceEvent }] };
    expectPlain(await platform.call("PUT", at(schemas, wiring.schema), { body: without }), 400, /_acme was removed/);
  });

  async function inSandbox(name: string): Promise<Platform> {
    platform.sandbox = name;
    return platform;
  }
});

describe("deletion", () => {
  test("an unused schema and field group go, in that order", async () => {
    const group = await newFieldGroup();
    const id = await newSchema(group);
    expectPlain(await platform.call("DELETE", at(fieldGroups, group)), 400, /is used by/);
    expect((await platform.call("DELETE", at(schemas, id))).status).toBe(204);
    expect((await platform.call("GET", at(schemas, id), { accept: lookup })).status).toBe(404);
    expect((await platform.call("DELETE", at(fieldGroups, group))).status).toBe(204);
    expect((await platform.call("DELETE", at(fieldGroups, group))).status).toBe(404);
  });

  test("a schema stays while a dataset uses it", async () => {
    const wiring = await wire(platform);
    const used = at(schemas, wiring.schema);
    expectPlain(await platform.call("DELETE", used), 400, new RegExp(`is used by the dataset ${wiring.dataset}`));
  });
});

describe("Profile", () => {
  const union = [{ op: "add", path: "/meta:immutableTags", value: ["union"] }];

  test("needs a primary identity or an identity map, and is for good", async () => {
    const group = await newFieldGroup();
    const id = await newSchema(group);
    expectProblem(
      await platform.call("PATCH", at(schemas, id), { body: union }),
      "1528-400",
      "Union descriptor validation error",
      "To participate in a union, a schema must include an identityMap fieldgroup or a primary identity descriptor.",
    );
    const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
    const withMap = [{ op: "add", path: "/allOf/-", value: { $ref: identityMap } }, ...union];
    const enabled = await platform.call("PATCH", at(schemas, id), { body: withMap });
    expect(enabled.body["meta:immutableTags"]).toEqual(["union"]);
    const stats = await platform.call("GET", `${schemaRegistry}/stats`);
    expect(stats.body.counts).toEqual({ schemas: 1, mixins: 1, datatypes: 0, classes: 0, unions: 1 });

    const remove = [{ op: "remove", path: "/meta:immutableTags" }];
    expectPlain(await platform.call("PATCH", at(schemas, id), { body: remove }), 400, /union tag/);
    expectPlain(await platform.call("DELETE", at(schemas, id)), 400, /enabled for Profile/);
    const { email: _, ...rest } = fields;
    const smaller = await platform.call("PUT", at(fieldGroups, group), { body: fieldGroup(rest) });
    expectPlain(smaller, 400, /may only be extended/);
  });
});
