import { Aep, errorOf, mark } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const type = "aep:index:Dataset";
const id = "5c8c3c555033b814b69f947f";
const collection = "/data/foundation/catalog/dataSets";
const properties = "name,description,enableErrorDiagnostics,schemaRef,tags,extensions,created";
const list = `GET ${collection}?orderBy=desc:created&limit=100&properties=${properties}`;
const schemaId = "https://ns.adobe.com/acme/schemas/e417987b";

const inputs = { name: "Customer.io events", schemaId };
const answer = {
  name: "Customer.io events",
  imsOrg: "0123456789ABCDEF01234567@AdobeOrg",
  created: 1552689237500,
  updated: 1552689237505,
  version: "1.0.0",
  tags: { "adobe/pqs/table": ["customer_io_events"] },
  viewId: "5c8c3c555033b814b69f9480",
  schemaRef: { id: schemaId, contentType: "application/vnd.adobe.xed-full-notext+json; version=1" },
  enableErrorDiagnostics: true,
  files: `@/dataSets/${id}/views/5c8c3c555033b814b69f9480/files`,
};
const state = { ...inputs, schemaVersion: 1, errorDiagnostics: true, profile: false };

let stub: PlatformStub;
let aep: Aep;

beforeEach(async () => {
  stub = await new PlatformStub().start();
  aep = await Aep.connect(stub.url);
  stub.answer(list, { body: {} });
});
afterEach(() => stub.close());

test("is created", async () => {
  stub.answer(`POST ${collection}`, { status: 201, body: [`@/dataSets/${id}`] });
  expect(await aep.create(type, inputs)).toMatchObject({ id, properties: state });
  expect(stub.requests).toEqual([
    { call: list },
    {
      call: `POST ${collection}`,
      body: {
        name: "Customer.io events",
        enableErrorDiagnostics: true,
        schemaRef: { id: schemaId, contentType: "application/vnd.adobe.xed+json;version=1" },
        tags: { "pulumi/resource": [mark(type)] },
      },
    },
  ]);
});

test("a lost answer is looked up, past a namesake that was there before", async () => {
  const others = { "5b020a27e7040801dedbf46e": answer, "5b020a27e7040801dedbf46f": { name: "Customer.io events" } };
  const marked = { ...answer, tags: { ...answer.tags, "pulumi/resource": [mark(type)] } };
  stub.answer(list, { body: others }, { body: { ...others, [id]: marked } });
  stub.answer(`POST ${collection}`, { lost: true });
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(stub.calls).toEqual([list, `POST ${collection}`, list]);
});

test("a refresh right after shows no difference, whatever content type comes back", async () => {
  stub.answer(`GET ${collection}/${id}`, { body: { [id]: answer } });
  const checked = await aep.check(type, inputs);
  expect(await aep.read(type, id, checked, state)).toEqual({ id, inputs: checked, properties: state });
});

test("what Catalog does not repeat is no difference either", async () => {
  const { enableErrorDiagnostics, ...rest } = answer;
  expect(enableErrorDiagnostics).toBe(true);
  stub.answer(`GET ${collection}/${id}`, { body: { [id]: rest } });
  const checked = await aep.check(type, inputs);
  expect((await aep.read(type, id, checked, state))?.inputs).toEqual(checked);
});

test("is imported by its id", async () => {
  stub.answer(`GET ${collection}/${id}`, {
    body: { [id]: { ...answer, description: "By hand.", enableErrorDiagnostics: false } },
  });
  const expected = { ...state, description: "By hand.", errorDiagnostics: false };
  expect(await aep.read(type, id)).toEqual({ id, inputs: expected, properties: expected });
});

test("name, description and diagnostics change in place; the schema makes another dataset", async () => {
  stub.answer(`PATCH ${collection}/${id}`, { body: [`@/dataSets/${id}`] });
  const described = { ...inputs, description: "Old." };
  const news = { ...inputs, name: "Renamed", errorDiagnostics: false };
  expect(await aep.update(type, id, described, news)).toEqual({ ...news, schemaVersion: 1, profile: false });
  expect(stub.requests).toEqual([
    { call: `PATCH ${collection}/${id}`, body: { name: "Renamed", enableErrorDiagnostics: false, description: "" } },
  ]);
  const [before, after] = [await aep.check(type, inputs), await aep.check(type, { ...inputs, schemaId: "other" })];
  expect((await aep.diff(type, id, before, after)).detailed).toEqual({ schemaId: "update-replace" });
});

test("is deleted; an unknown id is fine in both of Catalog's ways", async () => {
  stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
  stub.answer(`DELETE ${collection}/${id}`, { body: [`@/dataSets/${id}`] }, { body: [] }, { status: 404 });
  await aep.delete(type, id, state);
  await aep.delete(type, id, state);
  await aep.delete(type, id, state);
  stub.answer(`DELETE ${collection}/${id}`, { status: 400, body: { detail: "In use" } });
  expect((await errorOf(aep.delete(type, id, state))).message).toBe(
    `Could not delete the dataset "Customer.io events" (${id}): Adobe Experience Platform answered 400: In use. ` +
      "Delete what still writes into it first, such as a dataflow.",
  );
});
