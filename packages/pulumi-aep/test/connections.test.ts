import { Aep, errorOf, mark } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const id = "c5b4dbb5-1b8a-4b4e-9f3c-9d4a6c2f5d11";
const flowService = "/data/foundation/flowservice";
const etag = '"af00a717-0000-0200-0000-63ef2cbd0000"';
const schemaId = "https://ns.adobe.com/acme/schemas/e417987b";
const common = {
  id,
  createdAt: 1676618941000,
  updatedAt: 1676618941000,
  sandboxName: "dev",
  imsOrgId: "0123456789ABCDEF01234567@AdobeOrg",
  state: "enabled",
  version: etag,
  etag,
  providerRefId: "d5b4dbb5-1b8a-4b4e-9f3c-9d4a6c2f5d12",
};

const base = "b7d9e1f3-4a5c-4e6d-8f70-1a2b3c4d5e6f";
const http = { connectionSpecId: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", baseConnectionId: base };

const kinds = [
  {
    type: "aep:index:SourceConnection",
    kind: "source connection",
    collection: `${flowService}/sourceConnections`,
    inputs: { name: "Customer.io", description: "Events." },
    defaults: { connectionSpecId: "96479064-7b8a-4d69-b9ed-21c5683837ea" },
    body: {
      name: "Customer.io",
      providerId: "521eee4d-8cbe-4906-bb48-fb6bd4450033",
      description: `Events. [Pulumi ${mark("aep:index:SourceConnection")}]`,
      connectionSpec: { id: "96479064-7b8a-4d69-b9ed-21c5683837ea", version: "1.0" },
      data: { format: "json" },
    },
    replacing: { connectionSpecId: "e77fd9d2-22a8-11ed-861d-0242ac120002" },
  },
  {
    type: "aep:index:SourceConnection",
    kind: "source connection",
    collection: `${flowService}/sourceConnections`,
    inputs: { name: "Customer.io", description: "Events.", ...http },
    defaults: {},
    body: {
      name: "Customer.io",
      description: `Events. [Pulumi ${mark("aep:index:SourceConnection")}]`,
      connectionSpec: { id: http.connectionSpecId, version: "1.0" },
      baseConnectionId: base,
    },
    replacing: { baseConnectionId: "another" },
  },
  {
    type: "aep:index:TargetConnection",
    kind: "target connection",
    collection: `${flowService}/targetConnections`,
    inputs: { name: "Customer.io", description: "Events.", datasetId: "5c8c3c555033b814b69f947f", schemaId },
    defaults: { schemaVersion: 1 },
    body: {
      name: "Customer.io",
      description: `Events. [Pulumi ${mark("aep:index:TargetConnection")}]`,
      connectionSpec: { id: "c604ff05-7f1a-43c0-8e18-33bf874cb11c", version: "1.0" },
      data: { format: "json", schema: { id: schemaId, version: "application/vnd.adobe.xed-full+json;version=1" } },
      params: { dataSetId: "5c8c3c555033b814b69f947f" },
    },
    replacing: { datasetId: "6c8c3c555033b814b69f947f" },
  },
] as const;

describe.each(kinds)("a $kind", ({ type, kind, collection, inputs, defaults, body, replacing }) => {
  const list = `GET ${collection}?orderby=-createdAt&limit=100`;
  const one = `${collection}/${id}`;
  const item = { ...body, ...common };
  const stale = {
    status: 412,
    body: { type: "https://ns.adobe.com/aep/errors/FLOW-1404-412", title: "Version mismatch", status: 412 },
  };
  let stub: PlatformStub;
  let aep: Aep;

  beforeEach(async () => {
    stub = await new PlatformStub().start();
    aep = await Aep.connect(stub.url);
    stub.answer(list, { body: { items: [], _links: {} } });
    stub.answer(`GET ${one}`, { body: { items: [item] } });
  });
  afterEach(() => stub.close());

  test("is created", async () => {
    stub.answer(`POST ${collection}`, { status: 201, body: { id, etag } });
    expect(await aep.create(type, inputs)).toMatchObject({ id, properties: { ...inputs, ...defaults } });
    expect(stub.requests).toEqual([{ call: list }, { call: `POST ${collection}`, body }]);
  });

  test("after a lost answer the object is found by its mark", async () => {
    const others = [
      { ...item, id: "1", description: "Events." },
      { ...item, id: "2", description: "Other." },
      { ...item, id: "3", description: "Events. [Pulumi 0123456789abcdef]" },
      { id: "4" },
    ];
    stub.answer(list, { body: { items: others.slice(0, 1) } }, { body: { items: [...others, item] } });
    stub.answer(`POST ${collection}`, { lost: true });
    expect((await aep.create(type, inputs)).id).toBe(id);
  });

  test("after a lost answer the object is found on a later page, behind an empty one", async () => {
    const link = (token: string) => ({ next: { href: `/list?continuationToken=${token}` } });
    const page = (token: string) => `${list}&continuationToken=${token}`;
    stub.answer(list, { body: { items: [] } }, { body: { items: [], _links: link("a%2Fb") } });
    stub.answer(page("a%2Fb"), { body: { items: [{ ...item, id: "1", description: "Other." }], _links: link("c") } });
    stub.answer(page("c"), { body: { items: [item], _links: { next: null } } });
    stub.answer(`POST ${collection}`, { lost: true });
    expect((await aep.create(type, inputs)).id).toBe(id);
    expect(stub.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  test.each([
    [
      "to itself",
      { body: { items: [{ ...item, id: "1", description: "" }], _links: { next: { href: "/list?x=1" } } } },
    ],
    ["to the same empty page", { body: { items: [], _links: { next: { href: "/list?x=1" } } } }],
  ])("a list that links %s ends", async (_, page) => {
    stub.answer(list, page).answer(`${list}&x=1`, page);
    stub.answer(`POST ${collection}`, { status: 201, body: { id, etag } });
    expect((await aep.create(type, inputs)).id).toBe(id);
    expect(stub.calls).toEqual([list, `${list}&x=1`, `POST ${collection}`]);
  });

  test("after a lost answer the object is found although the list shows little of it", async () => {
    const { description } = item;
    stub.answer(
      list,
      { body: { items: [] } },
      {
        body: {
          items: [
            { id, description },
            { id: "1", description: "" },
          ],
        },
      },
    );
    stub.answer(`POST ${collection}`, { lost: true });
    expect((await aep.create(type, inputs)).id).toBe(id);
    expect(stub.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  test("a refresh right after shows no difference, and an import reads everything", async () => {
    const checked = await aep.check(type, inputs);
    const expected = { id, inputs: checked, properties: checked };
    expect(await aep.read(type, id, checked, checked)).toEqual(expected);
    expect(await aep.read(type, id)).toEqual(expected);
    expect(stub.calls).toEqual([`GET ${one}`, `GET ${one}`]);
  });

  test("name and description change in place, with a fresh etag after a 412", async () => {
    const fresh = { ...item, etag: '"af00a717-0000-0200-0000-63ef2cbe0000"' };
    stub.answer(`GET ${one}`, { body: { items: [item] } }, { body: { items: [fresh] } });
    stub.answer(`PATCH ${one}`, stale, { body: { id, etag: "x" } });
    const { description: _, ...news } = { ...inputs, name: "Renamed" };
    await aep.update(type, id, inputs, news);
    const steps = [
      { op: "replace", path: "/name", value: "Renamed" },
      { op: "replace", path: "/description", value: `[Pulumi ${mark(type)}]` },
    ];
    expect(stub.requests).toEqual([
      { call: `GET ${one}` },
      { call: `PATCH ${one}`, body: steps, ifMatch: item.etag },
      { call: `GET ${one}` },
      { call: `PATCH ${one}`, body: steps, ifMatch: fresh.etag },
    ]);
  });

  test("a patch with a lost answer is not repeated once it is visible", async () => {
    stub.answer(`GET ${one}`, { body: { items: [item] } }, { body: { items: [{ ...item, name: "Renamed" }] } });
    stub.answer(`PATCH ${one}`, { lost: true });
    await aep.update(type, id, inputs, { ...inputs, name: "Renamed" });
    expect(stub.calls).toEqual([`GET ${one}`, `PATCH ${one}`, `GET ${one}`]);
  });

  test("a patch with a stale etag is given up", async () => {
    stub.answer(`PATCH ${one}`, stale);
    const { message } = await errorOf(aep.update(type, id, inputs, { ...inputs, name: "Renamed" }));
    expect(message).toContain(`Could not update the ${kind} "Customer.io" (${id})`);
    expect(stub.calls.filter((call) => call.startsWith("PATCH"))).toHaveLength(5);
  });

  test("a change that would not reach the dataflow replaces", async () => {
    const [before, after] = [await aep.check(type, inputs), await aep.check(type, { ...inputs, ...replacing })];
    expect(await aep.diff(type, id, before, after)).toEqual({
      detailed: { [Object.keys(replacing)[0] ?? ""]: "update-replace" },
      deleteBeforeReplace: false,
    });
  });

  test.each([
    [1439, 404],
    [1439, 400],
    [1430, 400],
  ])("a deletion by hand, which Platform answers with %i-%i, is reported with the remedy", async (code, status) => {
    const answer = { status, body: { type: `https://ns.adobe.com/aep/errors/FLOW-${code}-${status}` } };
    stub.answer(`GET ${one}`, answer);
    stub.answer(`DELETE ${one}`, answer);
    stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
    expect(await aep.read(type, id)).toBeUndefined();
    expect((await errorOf(aep.update(type, id, inputs, { ...inputs, name: "Renamed" }))).message).toBe(
      `The ${kind} ${id} is gone: it was deleted in Experience Platform. ` +
        "Run npx pulumi refresh, then npx pulumi up, which recreates it.",
    );
    await aep.delete(type, id);
  });

  test("is deleted once the dataflow that was just deleted has released it", async () => {
    const used = { status: 400, body: { type: "https://ns.adobe.com/aep/errors/FLOW-1447-400", title: "In use" } };
    // Platform may take more than a minute to delete the dataflow.
    const refusals = Array.from({ length: 40 }, () => used);
    stub.answer(`DELETE ${one}`, ...refusals, { status: 204 });
    await aep.delete(type, id);
    expect(stub.calls).toHaveLength(41);
  });

  test("can't be deleted while another dataflow uses it", async () => {
    const used = { status: 400, body: { type: "https://ns.adobe.com/aep/errors/FLOW-1447-400", title: "In use" } };
    stub.answer(`DELETE ${one}`, used);
    expect((await errorOf(aep.delete(type, id))).message).toBe(
      `Could not delete the ${kind} ${id}: Adobe Experience Platform answered 400: In use, code FLOW-1447-400. ` +
        "First delete the dataflows that use it: Sources > Dataflows in Experience Platform.",
    );
    expect(stub.calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(60);
  });

  test.each([1416, 1417])("is deleted once it is initialized: until then Platform refuses with %i", async (code) => {
    const refusal = {
      status: 400,
      body: { type: `https://ns.adobe.com/aep/errors/FLOW-${code}-400`, title: "Not now" },
    };
    stub.answer(`GET ${one}`, { body: { items: [{ ...item, state: "initializing" }] } });
    stub.answer(`DELETE ${one}`, refusal, refusal, { status: 204 });
    await aep.delete(type, id);
    expect(stub.calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(3);
    stub.answer(`DELETE ${one}`, refusal);
    await expect(aep.delete(type, id)).rejects.toThrow("Not now");
  });

  test("counts as deleted if it was deactivated with its dataflow", async () => {
    stub.answer(`DELETE ${one}`, { status: 400, body: { title: "Not active" } });
    stub.answer(`GET ${one}`, { body: { items: [{ ...item, state: "disabled" }] } });
    await aep.delete(type, id);
    stub.answer(`GET ${one}`, { body: { items: [item] } });
    await expect(aep.delete(type, id)).rejects.toThrow("Not active");
    stub.answer(`GET ${one}`, { body: { items: [{ ...item, state: "failed" }] } });
    stub.answer(`DELETE ${one}`, { status: 400, body: { type: "https://ns.adobe.com/aep/errors/FLOW-1416-400" } });
    const refused = stub.calls.length;
    await aep.delete(type, id);
    expect(stub.calls.slice(refused)).toHaveLength(2);
    stub.answer(`GET ${one}`, { body: { items: [{ ...item, state: "disabled" }] } });
    stub.answer(`DELETE ${one}`, { status: 403, body: { title: "Forbidden" } });
    await expect(aep.delete(type, id)).rejects.toThrow("Forbidden");
  });
});
