import type { JsonObject } from "../../src/platform/web/json.ts";
import { catalog, contentType, flowing, Platform, schemaRegistry, wire } from "./harness.ts";

let platform: Platform;

beforeEach(async () => {
  platform = await Platform.start();
});
afterEach(() => platform.close());

async function newDataset(schema: string, changes: JsonObject = {}): Promise<string> {
  const body = { name: "Events", schemaRef: { id: schema, contentType }, ...changes };
  return String((await platform.call("POST", `${catalog}/dataSets`, { body })).json).replace("@/dataSets/", "");
}

async function read(id: string): Promise<JsonObject> {
  const { body } = await platform.call("GET", `${catalog}/dataSets/${id}`);
  return (body[id] ?? {}) as JsonObject;
}

test("creating a dataset returns a reference, and its id reads it", async () => {
  const { schema } = await wire(platform);
  const created = await platform.call("POST", `${catalog}/dataSets`, {
    body: {
      name: "Mine",
      description: "All of it",
      enableErrorDiagnostics: true,
      schemaRef: { id: schema, contentType },
    },
  });
  expect(created.status).toBe(201);
  const [reference] = created.json as string[];
  const id = String(reference).replace("@/dataSets/", "");
  expect(created.headers.get("location")).toBe(`${platform.url}${catalog}/dataSets/${id}`);
  expect(await read(id)).toMatchObject({
    name: "Mine",
    description: "All of it",
    enableErrorDiagnostics: true,
    imsOrg: "0123456789ABCDEF01234567@AdobeOrg",
    created: platform.now,
    updated: platform.now,
    version: "1.0.0",
    schemaRef: { id: schema, contentType },
    files: expect.stringMatching(new RegExp(`^@/dataSets/${id}/views/[0-9a-f]{24}/files$`)),
  });
  const trimmed = await platform.call("GET", `${catalog}/dataSets/${id}?properties=name,version`);
  expect(trimmed.json).toEqual({ [id]: { name: "Mine", version: "1.0.0" } });
});

test("an unknown dataset gets 404 when read, and an empty array when deleted", async () => {
  expect((await platform.call("GET", `${catalog}/dataSets/none`)).status).toBe(404);
  const deleted = await platform.call("DELETE", `${catalog}/dataSets/none`);
  expect(deleted.status).toBe(200);
  expect(deleted.json).toEqual([]);
});

test("deleting returns the reference, and then the dataset is gone", async () => {
  const { schema } = await wire(platform);
  const id = await newDataset(schema);
  expect((await platform.call("DELETE", `${catalog}/dataSets/${id}`)).json).toEqual([`@/dataSets/${id}`]);
  expect((await platform.call("GET", `${catalog}/dataSets/${id}`)).status).toBe(404);
});

test.each(["https://ns.adobe.com/acme/schemas/1", ""])("the schema %j does not exist", async (id) => {
  const body = { name: "Events", schemaRef: { id, contentType } };
  const answer = await platform.call("POST", `${catalog}/dataSets`, { body });
  expect(answer.status).toBe(400);
  expect(answer.body.detail).toBe(`The schema ${id} does not exist`);
});

test("a schema reference needs the version", async () => {
  const { schema } = await wire(platform);
  const body = { name: "Events", schemaRef: { id: schema, contentType: "application/vnd.adobe.xed+json" } };
  expect((await platform.call("POST", `${catalog}/dataSets`, { body })).status).toBe(400);
});

test("Profile needs a schema that is enabled for it", async () => {
  const { schema } = await wire(platform);
  const tags = { unifiedProfile: ["enabled:true"], unifiedIdentity: ["enabled:true"] };
  const body = { name: "Profiles", schemaRef: { id: schema, contentType }, tags };
  const refused = await platform.call("POST", `${catalog}/dataSets`, { body });
  expect(refused.json).toEqual({
    type: "/placeholder/type/uri",
    status: 400,
    title: "BadRequestError",
    detail: "To enable profile datasets the schema should be valid",
  });
  await platform.call("PATCH", `${schemaRegistry}/tenant/schemas/${encodeURIComponent(schema)}`, {
    body: [
      { op: "add", path: "/allOf/-", value: { $ref: "https://ns.adobe.com/xdm/context/identitymap" } },
      { op: "add", path: "/meta:immutableTags", value: ["union"] },
    ],
  });
  const id = await newDataset(schema, { tags });
  expect(await read(id)).toMatchObject({ tags });
});

describe("changes", () => {
  test("PATCH accepts attributes, or a JSON Patch by its content type", async () => {
    const { dataset } = await wire(platform);
    platform.pass(5);
    const path = `${catalog}/dataSets/${dataset}`;
    const named = await platform.call("PATCH", path, { body: { name: "Renamed" } });
    expect(named.json).toEqual([`@/dataSets/${dataset}`]);
    expect(await read(dataset)).toMatchObject({ name: "Renamed", version: "1.0.1", updated: platform.now });
    const patched = await platform.call("PATCH", path, {
      body: [{ op: "add", path: "/tags/team", value: ["crm"] }],
      headers: { "Content-Type": "application/json-patch+json" },
    });
    expect(patched.status).toBe(200);
    expect(await read(dataset)).toMatchObject({ name: "Renamed", tags: { team: ["crm"] }, version: "1.0.2" });
    const bad = await platform.call("PATCH", path, {
      body: [{ op: "remove", path: "/tags/none" }],
      headers: { "Content-Type": "application/json-patch+json" },
    });
    expect(bad.status).toBe(400);
  });

  test("with v2 PATCH merges deeply, and PUT replaces", async () => {
    const { dataset, schema } = await wire(platform);
    const v2 = `${catalog}/v2/dataSets/${dataset}`;
    await platform.call("PATCH", v2, {
      body: { extensions: { adobe_lakeHouse: { rowExpiration: { ttlValue: "P3Y" } } } },
    });
    await platform.call("PATCH", v2, { body: { extensions: { adobe_lakeHouse: { other: 1 } } } });
    expect(await read(dataset)).toMatchObject({
      extensions: { adobe_lakeHouse: { rowExpiration: { ttlValue: "P3Y" }, other: 1 } },
    });
    const body = { name: "New", schemaRef: { id: schema, contentType } };
    await platform.call("PUT", `${catalog}/dataSets/${dataset}`, { body });
    expect((await read(dataset)).extensions).toBeUndefined();
  });

  test("can't affect the schema of a dataset", async () => {
    const { dataset, fieldGroup } = await wire(platform);
    const other = await platform.call("POST", `${schemaRegistry}/tenant/schemas`, {
      body: {
        type: "object",
        title: "Other",
        description: "Another",
        allOf: [{ $ref: "https://ns.adobe.com/xdm/context/experienceevent" }, { $ref: fieldGroup }],
      },
    });
    const body = { schemaRef: { id: String(other.body.$id), contentType } };
    const answer = await platform.call("PATCH", `${catalog}/dataSets/${dataset}`, { body });
    expect(answer.body.detail).toBe("The schemaRef of a dataset can't be changed");
  });
});

describe("lists", () => {
  const names = async (query: string) => {
    const { body } = await platform.call("GET", `${catalog}/dataSets${query}`);
    return Object.values(body).map((item) => (item as JsonObject).name);
  };

  test("filter by name and property, page and order", async () => {
    const { schema } = await wire(platform);
    for (const name of ["B", "A"]) {
      platform.pass(1);
      await newDataset(schema, { name });
    }
    expect(await names("")).toEqual(["Events", "B", "A"]);
    expect(await names("?name=A")).toEqual(["A"]);
    expect(await names("?name=None")).toEqual([]);
    expect(await names("?orderBy=desc:created&limit=2")).toEqual(["A", "B"]);
    expect(await names("?start=1&limit=1")).toEqual(["B"]);
    expect(await names("?property=name~%5E%5BAB%5D%24&orderBy=asc:name")).toEqual(["A", "B"]);
    expect(await names("?property=description")).toEqual([]);
    expect(await names("?property=!description&orderBy=desc:name")).toEqual(["Events", "B", "A"]);
    expect(await names(`?property=${encodeURIComponent(`schemaRef.id==${schema}`)}`)).toEqual([]);
    expect((await platform.call("GET", `${catalog}/dataSets?limit=101`)).status).toBe(400);
    expect((await platform.call("GET", `${catalog}/dataSets?limit=x`)).status).toBe(400);
  });

  test("a filter by name means any of several names, or none of them, and has a wildcard", async () => {
    const { schema } = await wire(platform);
    for (const name of ["A, B", "A", "A*", "!A"]) await newDataset(schema, { name });
    expect(await names("?name=A,Events")).toEqual(["Events", "A"]);
    expect(await names("?name=!A,Events")).toEqual(["A, B", "A*", "!A"]);
    expect(await names("?name=A*")).toEqual(["A, B", "A", "A*"]);
    expect(await names("?name=A**")).toEqual(["A*"]);
    expect(await names("?property=name==A,%20B")).toEqual(["A, B"]);
    expect(await names("?property=name==A*")).toEqual(["A, B", "A", "A*"]);
    expect(await names("?property=name!=A*")).toEqual(["Events", "!A"]);
  });
});

describe("a dataset with a flow", () => {
  test("can't be deleted, unless a switch allows it", async () => {
    const { dataset } = await flowing(platform);
    const answer = await platform.call("DELETE", `${catalog}/dataSets/${dataset}`);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toMatch(/is the target of the flow/);

    await platform.close();
    platform = await Platform.start({ switches: { deleteDatasetInUse: "allowed" } });
    const flow = await flowing(platform);
    expect((await platform.call("DELETE", `${catalog}/dataSets/${flow.dataset}`)).status).toBe(200);
    await platform.send(flow.inletUrl, flow.flow, { event_id: "E1" });
    expect(await platform.receipts()).toEqual([
      expect.objectContaining({ eventId: "E1", fate: "failed", reason: expect.stringMatching(/not found/) }),
    ]);
  });
});
