import { type JsonObject, objectOf } from "../../src/platform/web/json.ts";
import { fieldGroup, fields, Platform, schema, schemaRegistry } from "./harness.ts";

const descriptors = `${schemaRegistry}/tenant/descriptors`;
let platform: Platform;
let schemaId: string;

beforeEach(async () => {
  platform = await Platform.start();
  const group = await platform.call("POST", `${schemaRegistry}/tenant/fieldgroups`, { body: fieldGroup(fields) });
  const created = await platform.call("POST", `${schemaRegistry}/tenant/schemas`, {
    body: schema(String(group.body.$id)),
  });
  schemaId = String(created.body.$id);
});
afterEach(() => platform.close());

function identity(changes: JsonObject = {}): JsonObject {
  return {
    "@type": "xdm:descriptorIdentity",
    "xdm:sourceSchema": schemaId,
    "xdm:sourceVersion": 1,
    "xdm:sourceProperty": "/_acme/email",
    "xdm:namespace": "Email",
    "xdm:property": "xdm:code",
    "xdm:isPrimary": true,
    ...changes,
  };
}

test("descriptors are created, read, changed and deleted", async () => {
  const created = await platform.call("POST", descriptors, { body: identity() });
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({ ...identity(), "meta:containerId": "tenant" });
  const id = String(created.body["@id"]);
  expect(id).toMatch(/^[0-9a-f]{40}$/);
  expect((await platform.call("GET", `${descriptors}/${id}`)).body).toEqual(created.body);

  const put = await platform.call("PUT", `${descriptors}/${id}`, { body: identity({ "xdm:isPrimary": false }) });
  expect(put.status).toBe(201);
  expect(put.json).toEqual({ "@id": id });
  expect((await platform.call("GET", `${descriptors}/${id}`)).body["xdm:isPrimary"]).toBe(false);

  expect((await platform.call("DELETE", `${descriptors}/${id}`)).status).toBe(204);
  const gone = await platform.call("GET", `${descriptors}/${id}`);
  expect(gone.status).toBe(404);
  expect(gone.body.detail).toBe(`The requested descriptor resource ${id} is not found.`);
});

test("lists have ids, links or whole descriptors, by type, and pages with v2", async () => {
  const id = String((await platform.call("POST", descriptors, { body: identity() })).body["@id"]);
  const list = async (form: string, query = "") =>
    (await platform.call("GET", descriptors + query, { accept: `application/vnd.adobe.${form}+json` })).body;
  expect(await list("xdm-id")).toEqual({ "xdm:descriptorIdentity": [id] });
  expect(await list("xdm-link")).toEqual({ "xdm:descriptorIdentity": [`/tenant/descriptors/${id}`] });
  expect(await list("xdm")).toEqual({ "xdm:descriptorIdentity": [expect.objectContaining({ "@id": id })] });
  const filter = (value: string) => `?property=${encodeURIComponent(`xdm:sourceSchema==${value}`)}`;
  expect(await list("xdm-id", filter(schemaId))).toEqual({ "xdm:descriptorIdentity": [id] });
  expect(await list("xdm-id", filter("other"))).toEqual({});
  await platform.call("POST", descriptors, {
    body: identity({ "xdm:sourceProperty": "/_acme/metric", "xdm:isPrimary": false }),
  });
  const page = await list("xdm-v2-id", "?limit=1");
  expect(page).toMatchObject({ results: [id], _page: { next: "1", count: 1 } });
  expect(objectOf((await list("xdm-v2-id", "?limit=1&start=1"))._page).next).toBeNull();
});

test("a field's name for display is listed by its own type, and keeps its schema until it is deleted", async () => {
  const body = {
    "@type": "xdm:alternateDisplayInfo",
    "xdm:sourceSchema": schemaId,
    "xdm:sourceVersion": 1,
    "xdm:sourceProperty": "/_acme/count",
  };
  const named = await platform.call("POST", descriptors, { body });
  expect(named).toMatchObject({ status: 201, body });
  const identified = await platform.call("POST", descriptors, { body: identity({ "xdm:isPrimary": false }) });
  const list = await platform.call("GET", descriptors, { accept: "application/vnd.adobe.xdm+json" });
  expect(list.body).toEqual({ "xdm:alternateDisplayInfo": [named.body], "xdm:descriptorIdentity": [identified.body] });
  await platform.call("DELETE", `${descriptors}/${String(identified.body["@id"])}`);
  const schemaPath = `${schemaRegistry}/tenant/schemas/${encodeURIComponent(schemaId)}`;
  expect((await platform.call("DELETE", schemaPath)).status).toBe(400);
  await platform.call("DELETE", `${descriptors}/${String(named.body["@id"])}`);
  expect((await platform.call("DELETE", schemaPath)).status).toBe(204);
});

test.each([
  [{ "@type": "xdm:descriptorOneToOne" }, 400, /not supported/],
  [{ "xdm:sourceSchema": "https://ns.adobe.com/acme/schemas/1" }, 404, /is not found/],
  [{ "xdm:sourceVersion": 2 }, 400, /xdm:sourceVersion/],
  [{ "xdm:sourceProperty": "_acme/email" }, 400, /must begin with/],
  [{ "xdm:sourceProperty": "/_acme/none" }, 400, /has no field/],
  [{ "xdm:sourceProperty": "/_acme/count" }, 400, /is not a string/],
  [{ "xdm:namespace": "Unheard" }, 400, /does not exist/],
  [{ "xdm:property": "code" }, 400, /xdm:property/],
])("%j is refused", async (change, status, detail) => {
  const answer = await platform.call("POST", descriptors, { body: identity(change) });
  expect(answer.status).toBe(status);
  expect(answer.body.detail).toMatch(detail);
});

test("a namespace may be a number, and a descriptor is not primary by default", async () => {
  const { "xdm:isPrimary": _, ...body } = identity({ "xdm:property": "xdm:id", "xdm:namespace": 6 });
  expect((await platform.call("POST", descriptors, { body })).body["xdm:isPrimary"]).toBe(false);
});

test("a schema has one primary identity", async () => {
  const first = await platform.call("POST", descriptors, { body: identity() });
  const second = await platform.call("POST", descriptors, {
    body: identity({ "xdm:sourceProperty": "/_acme/metric" }),
  });
  expect(second.status).toBe(400);
  expect(second.body.detail).toMatch(/already has a primary identity/);
  const same = `${descriptors}/${String(first.body["@id"])}`;
  expect((await platform.call("PUT", same, { body: identity() })).status).toBe(201);
});

test("the primary identity of a schema in Profile can't be deleted", async () => {
  const id = String((await platform.call("POST", descriptors, { body: identity() })).body["@id"]);
  const path = `${schemaRegistry}/tenant/schemas/${encodeURIComponent(schemaId)}`;
  const union = [{ op: "add", path: "/meta:immutableTags", value: ["union"] }];
  expect((await platform.call("PATCH", path, { body: union })).status).toBe(200);
  expect((await platform.call("DELETE", `${descriptors}/${id}`)).status).toBe(403);
});

test("a schema with descriptors can't be deleted, or with a switch is deleted with them", async () => {
  await platform.call("POST", descriptors, { body: identity() });
  const path = `${schemaRegistry}/tenant/schemas/${encodeURIComponent(schemaId)}`;
  expect((await platform.call("DELETE", path)).body.detail).toMatch(/is used by the descriptor/);

  await platform.close();
  platform = await Platform.start({ switches: { deleteSchemaWithDescriptors: "cascades", descriptorPutStatus: 200 } });
  const group = await platform.call("POST", `${schemaRegistry}/tenant/fieldgroups`, { body: fieldGroup(fields) });
  const created = await platform.call("POST", `${schemaRegistry}/tenant/schemas`, {
    body: schema(String(group.body.$id)),
  });
  schemaId = String(created.body.$id);
  const id = String((await platform.call("POST", descriptors, { body: identity() })).body["@id"]);
  expect((await platform.call("PUT", `${descriptors}/${id}`, { body: identity() })).status).toBe(200);
  const deleted = `${schemaRegistry}/tenant/schemas/${encodeURIComponent(schemaId)}`;
  expect((await platform.call("DELETE", deleted)).status).toBe(204);
  expect((await platform.call("GET", `${descriptors}/${id}`)).status).toBe(404);
});
