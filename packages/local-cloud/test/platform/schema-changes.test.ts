import { type JsonObject, objectOf } from "../../src/platform/web/json.ts";
import { experienceEvent, fieldGroup, fields, lookup, Platform, schema, schemaRegistry, wire } from "./harness.ts";
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

describe("lists", () => {
  const ids = "application/vnd.adobe.xed-id+json";

  test("filter by title, as needed to adopt an existing schema", async () => {
    const id = await newSchema(await newFieldGroup(), "Wanted");
    await newSchema(await newFieldGroup(fields, "More"), "Other");
    const { body } = await platform.call("GET", `${schemas}?property=title==Wanted`, { accept: ids });
    expect(body.results).toEqual([{ title: "Wanted", $id: id, "meta:altId": altId(id), version: "1.0" }]);
    expect(body._page).toEqual({ orderby: "title", next: null, count: 1 });
  });

  test("pages continue after the last value of the previous one", async () => {
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
    expectPlainProblem(await platform.call("GET", `${schemas}?limit=5`, { accept: ids }), 400, /orderby/);
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

  test("PUT replaces; an answer can be sent back unchanged", async () => {
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
    expectPlainProblem(await platform.call("PATCH", at(schemas, id), { body }), 400, detail);
  });

  test("Adobe's own resources can't be changed", async () => {
    const path = at(fieldGroups, "https://ns.adobe.com/xdm/context/identitymap");
    expect((await platform.call("PATCH", path, { body: [] })).status).toBe(403);
  });

  test("fields may be removed until a dataset uses the schema; then they may only be added", async () => {
    const group = await newFieldGroup();
    await newSchema(group);
    const { email: _, ...rest } = fields;
    const smaller = await platform.call("PUT", at(fieldGroups, group), { body: fieldGroup(rest) });
    expect(smaller.status).toBe(200);

    const wiring = await wire(await inSandbox("prod"));
    const used = at(fieldGroups, wiring.fieldGroup);
    expectPlainProblem(await platform.call("PUT", used, { body: fieldGroup(rest) }), 400, /\/_acme\/email was removed/);
    const retyped = fieldGroup({ ...fields, email: { type: "integer" } });
    expectPlainProblem(await platform.call("PUT", used, { body: retyped }), 400, /another type/);
    const larger = fieldGroup({ ...fields, phone: { type: "string" } });
    expect((await platform.call("PUT", used, { body: larger })).status).toBe(200);
    const without = { ...schema(wiring.fieldGroup), allOf: [{ $ref: experienceEvent }] };
    expectPlainProblem(
      await platform.call("PUT", at(schemas, wiring.schema), { body: without }),
      400,
      /_acme was removed/,
    );
  });

  test("a schema whose dataset was deleted may still only be added to", async () => {
    const wiring = await wire(platform);
    const catalog = "/data/foundation/catalog/dataSets";
    expect((await platform.call("DELETE", `${catalog}/${wiring.dataset}`)).status).toBe(200);
    const { email: _, ...rest } = fields;
    const smaller = await platform.call("PUT", at(fieldGroups, wiring.fieldGroup), { body: fieldGroup(rest) });
    expectPlainProblem(smaller, 400, /\/_acme\/email was removed/);
  });

  async function inSandbox(name: string): Promise<Platform> {
    platform.sandbox = name;
    return platform;
  }
});

describe("deletion", () => {
  test("an unused schema and field group can be deleted, in that order", async () => {
    const group = await newFieldGroup();
    const id = await newSchema(group);
    expectPlainProblem(await platform.call("DELETE", at(fieldGroups, group)), 400, /is used by/);
    expect((await platform.call("DELETE", at(schemas, id))).status).toBe(204);
    expect((await platform.call("GET", at(schemas, id), { accept: lookup })).status).toBe(404);
    expect((await platform.call("DELETE", at(fieldGroups, group))).status).toBe(204);
    expect((await platform.call("DELETE", at(fieldGroups, group))).status).toBe(404);
  });

  test("a schema can't be deleted while a dataset uses it", async () => {
    const wiring = await wire(platform);
    const used = at(schemas, wiring.schema);
    expectPlainProblem(
      await platform.call("DELETE", used),
      400,
      new RegExp(`is used by the dataset ${wiring.dataset}`),
    );
  });
});

describe("Profile", () => {
  const union = [{ op: "add", path: "/meta:immutableTags", value: ["union"] }];

  test("needs a primary identity or an identity map, and can't be undone", async () => {
    const group = await newFieldGroup();
    const id = await newSchema(group);
    expectXdmProblem(
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
    expectPlainProblem(await platform.call("PATCH", at(schemas, id), { body: remove }), 400, /union tag/);
    expectPlainProblem(await platform.call("DELETE", at(schemas, id)), 400, /enabled for Profile/);
    const { email: _, ...rest } = fields;
    const smaller = await platform.call("PUT", at(fieldGroups, group), { body: fieldGroup(rest) });
    expectPlainProblem(smaller, 400, /may only be extended/);
  });
});
