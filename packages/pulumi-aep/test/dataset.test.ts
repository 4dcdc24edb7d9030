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
const choices = { forceDestroy: false, keep: false };
const state = { ...inputs, schemaVersion: 1, errorDiagnostics: true, profile: false, ...choices };
/** Checks whether it holds data. */
const looks = {
  dataset: `GET ${collection}/${id}`,
  batches: `GET /data/foundation/catalog/batches?dataSet=${id}&limit=100`,
  targets: `GET /data/foundation/flowservice/targetConnections?property=params.dataSetId==${id}&limit=100`,
  flows: "GET /data/foundation/flowservice/flows?property=targetConnectionIds[]==target&limit=100",
  runs: "GET /data/foundation/flowservice/runs?property=flowId==flow&limit=1",
};

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
        tags: { "pulumi/resource": [mark(type)], "pulumi/stack": ["test/dev"] },
      },
    },
  ]);
});

test("Platform may show a new dataset late, when its rows get their days", async () => {
  stub.answer(`POST ${collection}`, { status: 201, body: [`@/dataSets/${id}`] });
  const days = `PATCH /data/foundation/catalog/v2/dataSets/${id}`;
  stub.answer(days, { status: 404 }, { status: 404 }, { body: [`@/dataSets/${id}`] });
  expect((await aep.create(type, { ...inputs, rowExpirationDays: 30 })).id).toBe(id);
  expect(stub.calls).toEqual([list, `POST ${collection}`, days, days, days]);
});

test("after a lost answer the dataset is found, ignoring an earlier one of the same name", async () => {
  const others = { "5b020a27e7040801dedbf46e": answer, "5b020a27e7040801dedbf46f": { name: "Customer.io events" } };
  const marked = { ...answer, tags: { ...answer.tags, "pulumi/resource": [mark(type)] } };
  stub.answer(list, { body: others }, { body: { ...others, [id]: marked } });
  stub.answer(`POST ${collection}`, { lost: true });
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(stub.calls).toEqual([list, `POST ${collection}`, list]);
});

test("after a lost answer the dataset is found, whatever other applications put into its tags", async () => {
  const tags = { "adobe/a": [1], "adobe/b": "text", "adobe/c": null, "pulumi/resource": [mark(type)] };
  stub.answer(list, { body: {} }, { body: { [id]: { ...answer, created: "2019-03-15T22:07:17Z", tags } } });
  stub.answer(`POST ${collection}`, { lost: true });
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(stub.calls).toEqual([list, `POST ${collection}`, list]);
});

test("after a lost answer the dataset is found on a later page, and although the list shows little of it", async () => {
  const others = Array.from({ length: 100 }, (_, index) => [`b${index}`, { name: "Other" }]);
  const tags = { "pulumi/resource": [mark(type)] };
  stub.answer(list, { body: {} }, { body: Object.fromEntries(others) });
  stub.answer(`${list}&start=100`, { body: { [id]: { tags } } });
  stub.answer(looks.dataset, { body: { [id]: { ...answer, tags } } });
  stub.answer(`POST ${collection}`, { lost: true });
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(stub.calls).toEqual([list, `POST ${collection}`, list, `${list}&start=100`, looks.dataset]);
});

test("a refresh right after shows no difference, whatever content type comes back", async () => {
  stub.answer(`GET ${collection}/${id}`, { body: { [id]: answer } });
  const checked = await aep.check(type, inputs);
  expect(await aep.read(type, id, checked, state)).toEqual({ id, inputs: checked, properties: state });
});

test("properties that Catalog does not return are not a difference either", async () => {
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

test("name, description and diagnostics change in place; another schema replaces the dataset", async () => {
  stub.answer(`PATCH ${collection}/${id}`, { body: [`@/dataSets/${id}`] });
  const described = { ...inputs, description: "Old." };
  const news = { ...inputs, name: "Renamed", errorDiagnostics: false };
  expect(await aep.update(type, id, described, news)).toEqual({
    ...news,
    schemaVersion: 1,
    profile: false,
    ...choices,
  });
  expect(stub.requests).toEqual([
    { call: `PATCH ${collection}/${id}`, body: { name: "Renamed", enableErrorDiagnostics: false, description: "" } },
  ]);
  stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
  stub.answer(looks.dataset, { status: 404 });
  const [before, after] = [await aep.check(type, inputs), await aep.check(type, { ...inputs, schemaId: "other" })];
  expect((await aep.diff(type, id, before, after)).detailed).toEqual({ schemaId: "update-replace" });
});

test("a removed tag whose removal got no answer is not removed again, which Platform would refuse", async () => {
  const before = { ...answer.tags, team: ["crm"], theirs: ["x"] };
  const { team: _removed, ...after } = before;
  const read = (tags: object) => ({ body: { [id]: { ...answer, tags } } });
  stub.answer(looks.dataset, read(before), read(after));
  stub.answer(`PATCH ${collection}/${id}`, { status: 503, body: {} });
  await aep.update(type, id, { ...inputs, tags: { team: ["crm"] } }, inputs);
  expect(stub.requests).toEqual([
    { call: looks.dataset },
    { call: `PATCH ${collection}/${id}`, body: [{ op: "remove", path: "/tags/team" }] },
    { call: looks.dataset },
  ]);
});

test("is deleted; an unknown id is fine in both of Catalog's ways", async () => {
  stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
  stub.answer(looks.dataset, { body: { [id]: answer } });
  stub.answer(looks.batches, { body: {} });
  stub.answer(looks.targets, { body: { items: [] } });
  stub.answer(`DELETE ${collection}/${id}`, { body: [`@/dataSets/${id}`] }, { body: [] }, { status: 404 });
  await aep.delete(type, id, state);
  await aep.delete(type, id, state);
  await aep.delete(type, id, state);
  stub.answer(`DELETE ${collection}/${id}`, { status: 400, body: { detail: "In use" } });
  expect((await errorOf(aep.delete(type, id, state))).message).toBe(
    `Could not delete the dataset "Customer.io events" (${id}): Adobe Experience Platform answered 400: In use. ` +
      "First delete everything that writes into it, such as a dataflow.",
  );
});

describe("of one that holds data", () => {
  const bare = { status: 200, body: { [id]: answer } };
  const empty = { body: {} };
  const none = { body: { items: [] } };
  const deletes = () => stub.calls.filter((call) => call.startsWith("DELETE"));

  test.each([
    ["rows", { b1: { status: "success", recordCount: 12 }, b2: { recordCount: 1 } }, "13 rows in 2 batches"],
    ["rows that are counted in metrics", { b1: { metrics: { outputRecordCount: 7 } } }, "7 rows in 1 batch"],
    ["a failed batch, whose records are available", { b1: { status: "failed", recordCount: 0 } }, "0 rows in 1 batch"],
    ["a batch under way, whose rows are not counted", { b1: { status: "loading" } }, "1 batch"],
  ])("the deletion is refused for %s", async (_what, batches, said) => {
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, { body: batches });
    const { message } = await errorOf(aep.delete(type, id, state));
    expect(message).toContain(`The dataset "Customer.io events" (${id}) holds data: ${said}. It is not deleted`);
    expect(message).toContain("npx pulumi config set --path dataset.keep true");
    expect(message).toContain("npx pulumi config set --path dataset.forceDestroy true");
    expect(message).toContain(`npx pulumi state delete 'urn:pulumi:dev::test::${type}::thing'`);
    expect(deletes()).toEqual([]);
  });

  test.each(["deleted", "inactive", "aborted"])("a batch that is %s is not data", async (status) => {
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, { body: { b1: { status, recordCount: 9 } } });
    stub.answer(looks.targets, none);
    stub.answer(`DELETE ${collection}/${id}`, { body: [`@/dataSets/${id}`] });
    await aep.delete(type, id, state);
    expect(deletes()).toHaveLength(1);
  });

  test("a full list of batches is reported as that many or more", async () => {
    const many = Array.from({ length: 100 }, (_, index) => [`b${index}`, { status: "success", recordCount: 2 }]);
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, { body: Object.fromEntries(many) });
    expect((await errorOf(aep.delete(type, id, state))).message).toContain("200 rows in 100 batches, or more.");
  });

  test("a dataflow that has run counts as data, since its rows may arrive later", async () => {
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, empty);
    stub.answer(looks.targets, { body: { items: [{ id: "target" }] } });
    stub.answer(looks.flows, { body: { items: [{ id: "flow", name: "Customer.io" }] } });
    stub.answer(looks.runs, { body: { items: [{ id: "run" }] } });
    const { message } = await errorOf(aep.delete(type, id, state));
    expect(message).toContain('its dataflow "Customer.io" has run, and rows take up to an hour to appear');
    expect(deletes()).toEqual([]);
  });

  test("it counts too if the Flow Service shows it on a later page, behind an empty one", async () => {
    const next = { _links: { next: { href: "/list?continuationToken=t" } } };
    const paged = (which: "targets" | "flows" | "runs", items: object[]) => {
      stub.answer(looks[which], { body: { items: [], ...next } });
      stub.answer(`${encodeQuery(looks[which])}&continuationToken=t`, { body: { items } });
    };
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, empty);
    paged("targets", [{ id: "target" }]);
    paged("flows", [{ id: "flow", name: "Customer.io" }]);
    paged("runs", [{ id: "run" }]);
    const { message } = await errorOf(aep.delete(type, id, state));
    expect(message).toContain('its dataflow "Customer.io" has run');
    expect(deletes()).toEqual([]);
  });

  test("a batch counts although its number of rows can't be read", async () => {
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, { body: { b1: { status: null, recordCount: "13" } } });
    expect((await errorOf(aep.delete(type, id, state))).message).toContain("holds data: 1 batch.");
  });

  test("a batch that only the dataset itself names counts too", async () => {
    stub.answer(looks.dataset, { body: { [id]: { ...answer, lastBatchId: "b9" } } });
    stub.answer(looks.batches, empty);
    expect((await errorOf(aep.delete(type, id, state))).message).toContain("holds data: the batch b9.");
  });

  test.each(["dataset", "batches", "targets"] as const)(
    "if the check of %s fails, nothing is deleted",
    async (which) => {
      for (const [name, answered] of [
        ["dataset", bare],
        ["batches", empty],
        ["targets", none],
      ] as const) {
        stub.answer(looks[name], name === which ? { status: 403, body: { detail: "No right" } } : answered);
      }
      const { message } = await errorOf(aep.delete(type, id, state));
      expect(message).toContain("may hold data, but this could not be checked. It is not deleted.");
      expect(message).toContain("answered 403: No right");
      expect(deletes()).toEqual([]);
    },
  );

  test("with forceDestroy in the state it is deleted without a check; with keep it stays", async () => {
    stub.answer(`DELETE ${collection}/${id}`, { body: [`@/dataSets/${id}`] });
    await aep.delete(type, id, { ...state, forceDestroy: true });
    expect(stub.calls).toEqual([`DELETE ${collection}/${id}`]);
    await aep.delete(type, id, { ...state, keep: true });
    expect(stub.calls).toHaveLength(1);
    expect(aep.progress.at(-1)).toContain(`npx pulumi config set --path dataset.existing ${id}`);
  });

  test("settings about its deletion change without a call", async () => {
    const changed = await aep.update(type, id, inputs, { ...inputs, forceDestroy: true });
    expect(changed).toEqual({ ...state, forceDestroy: true });
    expect(stub.calls).toEqual([]);
    const [before, after] = [await aep.check(type, inputs), await aep.check(type, { ...inputs, keep: true })];
    expect((await aep.diff(type, id, before, after)).detailed).toEqual({ keep: "update" });
  });

  test("one that an option causes is refused in its preview, and while its successor has its name, its deletion says which to choose", async () => {
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, { body: { b1: { status: "success", recordCount: 1 } } });
    const news = { ...inputs, description: "Changed." };
    await aep.check(type, inputs);
    await aep.diff(type, id, inputs, news);
    expect((await errorOf(aep.preview(type, news))).message).toContain(
      "The change would replace it, so nothing was changed",
    );
    expect(stub.calls.filter((call) => !call.startsWith("GET"))).toEqual([]);
    await aep.startRun();
    await aep.diff(type, "the successor", inputs, inputs);
    expect((await errorOf(aep.deleteFormer(type, id, state))).message).toContain(
      `in a terminal, where you choose ${id}`,
    );
  });

  test("a replacement is refused in the diff, unless the state has forceDestroy or keep", async () => {
    stub.answer(looks.dataset, bare);
    stub.answer(looks.batches, { body: { b1: { status: "success", recordCount: 1 } } });
    const olds = await aep.check(type, inputs);
    const news = await aep.check(type, { ...inputs, schemaId: "other", forceDestroy: true });
    expect((await errorOf(aep.diff(type, id, olds, news))).message).toContain("nothing was changed");
    for (const choice of ["forceDestroy", "keep"]) {
      expect((await aep.diff(type, id, { ...olds, [choice]: true }, news)).detailed.schemaId).toBe("update-replace");
    }
  });
});

/** A call as it is sent with another parameter. */
function encodeQuery(call: string): string {
  const [path = "", query] = call.split("?");
  return `${path}?${new URLSearchParams(query).toString()}`;
}
