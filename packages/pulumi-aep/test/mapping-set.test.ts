import { Aep, errorOf, mark } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const type = "aep:index:MappingSet";
const id = "e7c80e4c0d8f4a98a7d400b4e178b635";
const collection = "/data/foundation/conversion/mappingSets";
const schemaId = "https://ns.adobe.com/acme/schemas/e417987b";
const schemaRef = { id: schemaId, contentType: "application/vnd.adobe.xed-full+json;version=1" };

const name = `Pulumi ${mark(type)}`;
const pageFrom = (start: number) =>
  `GET ${collection}?name=${encodeURIComponent(name)}&orderBy=-createdDate&limit=100&start=${start}`;
const list = pageFrom(0);

const mappings = [
  { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
  { sourceType: "EXPRESSION", source: "now()", destination: "timestamp" },
  { sourceType: "STATIC", source: "customer.io", destination: "producedBy" },
];
const inputs = { schemaId, mappings };
const state = { schemaId, schemaVersion: 1, version: 0 };
const made = {
  id,
  version: 0,
  createdDate: 1614901254724,
  modifiedDate: 1614901254724,
  createdBy: "c",
  modifiedBy: "c",
};
/** As Data Prep returns it: other spellings, another order. */
const answer = {
  ...made,
  supportVersion: "1.1",
  outputSchema: { id: "cf0a57df22354cfdb5f32a747b63a456", version: 0, schemaRef },
  mappings: [
    { id: "1", version: 0, sourceType: "STATIC", source: "customer.io", destination: "producedBy" },
    { id: "2", version: 0, sourceType: "text/x.schema-path", source: "event_id", destination: "_id", name: "id" },
    {
      id: "3",
      sourceType: "text/x.aep-xl",
      sourceExpression: "now()",
      destinationXdmPath: "timestamp",
      identity: false,
    },
  ],
  status: "DRAFT",
  schemaRef,
};

let stub: PlatformStub;
let aep: Aep;

beforeEach(async () => {
  stub = await new PlatformStub().start();
  aep = await Aep.connect(stub.url);
  stub.answer(list, { body: { data: [], _page: { count: 0, limit: 100 } } });
  stub.answer(pageFrom(1), { body: { data: [], _page: { count: 0, limit: 100 } } });
});
afterEach(() => stub.close());

const flows = "GET /data/foundation/flowservice/flows?orderby=-createdAt&limit=100";

test("is created", async () => {
  stub.answer(`POST ${collection}`, { status: 200, body: made });
  expect(await aep.create(type, inputs)).toMatchObject({ id, properties: state });
  expect(stub.requests).toEqual([
    { call: list },
    { call: `POST ${collection}`, body: { name, outputSchema: { schemaRef }, mappings } },
  ]);
});

test("a lost answer is looked up by the mark", async () => {
  stub.answer(list, { body: { data: [] } }, { body: { data: [{ ...answer, name }] } });
  stub.answer(`POST ${collection}`, { lost: true });
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(stub.calls).toEqual([list, `POST ${collection}`, list, pageFrom(1)]);
});

test("a lost answer is looked up among sets that lack what ours have, and although the list shows little of ours", async () => {
  const others = [{ id: "1" }, { ...answer, id: "2", name: "By hand", outputSchema: null }, null];
  stub.answer(list, { body: { data: others } }, { body: { data: [...others, { id, name }] } });
  stub.answer(`POST ${collection}`, { lost: true });
  stub.answer(`GET ${collection}/${id}`, { body: { ...answer, name } });
  expect((await aep.create(type, inputs)).id).toBe(id);
  const whole = [list, pageFrom(1)];
  expect(stub.calls).toEqual([...whole, `POST ${collection}`, ...whole, `GET ${collection}/${id}`]);
});

test("the set of a killed run is adopted, ignoring one with other mappings and one of another owner", async () => {
  const sets = [
    { ...answer, id: "1", name, mappings: answer.mappings.slice(1) },
    { ...answer, id: "2", name: "By hand" },
    { ...answer, name },
  ];
  stub.answer(list, { body: { data: sets } });
  stub.answer(flows, { body: { items: [] } });
  stub.answer(`GET ${collection}/${id}`, { body: answer });
  expect(await aep.create(type, inputs)).toMatchObject({ id, properties: state });
  expect(stub.calls).toEqual([list, pageFrom(1), flows, `GET ${collection}/${id}`]);
  expect(aep.progress).toEqual([
    "leaves 1 alone, which an interrupted run created for this resource with other settings",
    `adopts ${id}, which an interrupted run created for this resource`,
  ]);
});

test("a set that a dataflow uses is not adopted", async () => {
  stub.answer(list, { body: { data: [{ ...answer, name }] } }, { body: { data: [{ ...answer, name }] } });
  const mapping = { name: "Mapping", params: { mappingId: id } };
  stub.answer(flows, { body: { items: [{ id: "flow-1", transformations: [mapping] }] } });
  stub.answer(`POST ${collection}`, { body: { id: "new", version: 0 } });
  expect((await aep.create(type, inputs)).id).toBe("new");
});

test("a refresh right after shows no difference, whatever spelling and order come back", async () => {
  stub.answer(`GET ${collection}/${id}?version=0`, { body: answer });
  const checked = await aep.check(type, inputs);
  expect(await aep.read(type, id, checked, state)).toEqual({ id, inputs: checked, properties: state });
});

test("is imported by its id, from the older spelling too", async () => {
  const legacy = [
    { destinationXdmPath: "_id", sourceAttribute: "event_id", identity: false, version: 0 },
    { destinationXdmPath: "timestamp", sourceExpression: "now()", sourceType: "EXPRESSION" },
    { destination: "producedBy", sourceType: "STATIC", source: "customer.io" },
  ];
  stub.answer(flows, { body: { items: [] } });
  stub.answer(`GET ${collection}/${id}`, { body: { ...answer, version: 2, mappings: legacy } });
  const found = await aep.read(type, id);
  expect(found).toEqual({ id, inputs: { ...inputs, schemaVersion: 1 }, properties: { ...state, version: 2 } });
});

test("is imported in the version that a dataflow uses, since a look-up without one may answer with the first", async () => {
  const use = (mappingId: string, mappingVersion: unknown) => ({
    name: "Mapping",
    params: { mappingId, mappingVersion },
  });
  const items = [
    { transformations: [{ name: "Copy", params: { deltaColumn: {} } }, use("another", 9)] },
    { transformations: [use(id, "3")] },
    { transformations: [use(id, 1)] },
    {},
  ];
  stub.answer(flows, { body: { items } });
  stub.answer(`GET ${collection}/${id}?version=3`, { body: { ...answer, version: 3 } });
  expect((await aep.read(type, id))?.properties).toMatchObject({ version: 3 });
});

test("every change creates a new set before the old one is deleted; another order is not a change", async () => {
  const before = await aep.check(type, inputs);
  const reordered = await aep.check(type, { ...inputs, mappings: mappings.toReversed() });
  expect((await aep.diff(type, id, before, reordered)).detailed).toEqual({});
  const changed = await aep.check(type, {
    ...inputs,
    mappings: mappings.map((item) => ({ ...item, source: "metric" })),
  });
  const { detailed, deleteBeforeReplace } = await aep.diff(type, id, before, changed);
  expect(new Set(Object.values(detailed))).toEqual(new Set(["update-replace"]));
  expect(deleteBeforeReplace).toBe(false);
});

test.each([204, 404, 405, 501])("a deletion answered %d leaves the stack", async (status) => {
  const stats = "GET /data/foundation/schemaregistry/stats";
  stub.answer(stats, { body: { tenantId: "acme" } }).answer(`DELETE ${collection}/${id}`, { status });
  await aep.delete(type, id, state);
  expect(stub.calls).toEqual([`DELETE ${collection}/${id}`, ...(status === 404 ? [stats] : [])]);
});

test("other answers to a deletion are errors", async () => {
  stub.answer(`DELETE ${collection}/${id}`, { status: 403, body: {} });
  expect((await errorOf(aep.delete(type, id, state))).message).toContain(`Could not delete the mapping set ${id}`);
});

test.each(["POST", "GET"])("a %s that the role does not allow says which permissions to check", async (method) => {
  const refused = { status: 403, body: { title: "Forbidden", status: 403 }, headers: { "X-Request-Id": "r-9" } };
  stub.answer(`${method} ${collection}${method === "GET" ? `/${id}` : ""}`, refused);
  const { message } = await errorOf(method === "GET" ? aep.read(type, id, inputs) : aep.create(type, inputs));
  expect(message).toContain("answered 403: Forbidden. Request id: r-9. Adobe documents no permission for mapping sets");
  for (const permission of ["Manage Sources", "Manage Schemas", "Manage Datasets"]) {
    expect(message).toContain(permission);
  }
});

test("a field that is mapped twice, an unknown source type and an empty set are mistakes", async () => {
  const twice = { ...inputs, mappings: [...mappings, { sourceType: "ATTRIBUTE", source: "id", destination: "_id" }] };
  await expect(aep.check(type, twice)).rejects.toThrow(
    'mappings[3].destination: The field "_id" is mapped twice, first in mappings[0].',
  );
  const unknown = { ...inputs, mappings: [{ sourceType: "attribute", source: "id", destination: "_id" }] };
  await expect(aep.check(type, unknown)).rejects.toThrow("mappings[0].sourceType");
  await expect(aep.check(type, { ...inputs, mappings: [] })).rejects.toThrow("mappings");
});

test("syntax errors and invalid calls are mistakes at their position", async () => {
  const wrong = [
    { sourceType: "ATTRIBUTE", source: "data..email", destination: "_id" },
    { sourceType: "EXPRESSION", source: "dformat(timestamp * 1000)", destination: "timestamp" },
    { sourceType: "EXPRESSION", source: "dformat(${timestamp} * 1000)", destination: "eventType" },
    { sourceType: "STATIC", source: "any( text", destination: "a..b" },
    { sourceType: "EXPRESSION", source: `"${"x".repeat(4096)}"`, destination: "producedBy" },
  ];
  const message = (await errorOf(aep.check(type, { ...inputs, mappings: wrong }))).message;
  expect(message.split("\n")).toEqual([
    'mappings[0].source: "data..email" is not a path',
    "mappings[1].source: This expression can't be parsed: timestamp is a reserved word: write ${timestamp} for the field of that name",
    "mappings[2].source: The function dformat takes 2 arguments, not 1: dformat(TIMESTAMP, FORMAT).",
    'mappings[3].destination: "a..b" is not a path',
    "mappings[4].source: This expression can't be parsed: An expression may have at most 4096 characters, not 4098",
  ]);
});

test("an unknown function may be a new one of Adobe's: it is sent, with a warning", async () => {
  const unknown = [{ sourceType: "EXPRESSION", source: "uper(metric)", destination: "eventType" }];
  await aep.check(type, { ...inputs, mappings: unknown });
  expect(aep.progress).toEqual([
    "mappings[0].source: There is no function uper; did you mean upper? It is sent anyway, because Adobe may have added it.",
  ]);
});
