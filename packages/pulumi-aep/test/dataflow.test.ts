import { PartialFailure } from "../../pulumi-provider-kit/src/engine/provider.ts";
import { Secret } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep, errorOf, mark } from "./aep.ts";
import { type Answer, PlatformStub } from "./platform-stub.ts";

const type = "aep:index:Dataflow";
const id = "993f908f-3342-4d9c-9f3c-5aa9a189ca1a";
const flows = "/data/foundation/flowservice/flows";
const one = `${flows}/${id}`;
const list = `GET ${flows}?orderby=-createdAt&limit=100`;
const inletUrl = "https://dcs.adobedc.net/collection/2fcb1e1c4f5e4d6b8a7c9d0e1f2a3b4c2fcb1e1c4f5e4d6b8a7c9d0e1f2a3b4c";
const etags = ['"4c012103-0000-0200-0000-63ef57db0000"', '"4c01a603-0000-0200-0000-63ef57e10000"'] as const;

const inputs = {
  name: "Customer.io events",
  description: "From the relay.",
  sourceConnectionId: "246d052c-da4a-494a-937f-a0d17b1c6cf5",
  targetConnectionId: "7c96c827-3ffd-460c-a573-e9558f72f263",
  mappingSetId: "bf5286a9c1ad4266baca76ba3adc9366",
};
const defaults = { mappingSetVersion: 0, enabled: true, errorDiagnostics: true };
const transformation = { name: "Mapping", params: { mappingId: inputs.mappingSetId, mappingVersion: 0 } };
const body = {
  name: inputs.name,
  description: `${inputs.description} [Pulumi ${mark(type)}]`,
  flowSpec: { id: "e77fde5a-22a8-11ed-861d-0242ac120002", version: "1.0" },
  sourceConnectionIds: [inputs.sourceConnectionId],
  targetConnectionIds: [inputs.targetConnectionId],
  transformations: [transformation],
  options: { errorDiagnosticsEnabled: true },
};
/** The flow as Platform has it just after its creation. */
const young = {
  id,
  createdAt: 1676630011000,
  updatedAt: 1676630011000,
  sandboxName: "dev",
  ...body,
  state: "initializing",
  version: etags[0],
  etag: etags[0],
  runs: `/runs?property=flowId==${id}`,
};
/** And six seconds later. */
const item = {
  ...young,
  updatedAt: 1676630017000,
  state: "enabled",
  version: etags[1],
  etag: etags[1],
  options: { ...body.options, inletUrl },
  lastOperation: { started: 0, updated: 0, operation: "enable" },
};
const outputs = {
  inletUrl: new Secret(inletUrl),
  streamingUrl: new Secret(`${inletUrl}?x-adobe-flow-id=${id}`),
  state: "enabled",
  updatedAt: "2023-02-17T10:33:37.000Z",
};

let stub: PlatformStub;
let aep: Aep;

const listOf = (flow: object): Answer => ({ body: { items: [flow] } });
const problem = (code: string, status: number): Answer => ({
  status,
  body: { type: `https://ns.adobe.com/aep/errors/${code}`, title: "Refused", status },
});

beforeEach(async () => {
  stub = await new PlatformStub().start();
  aep = await Aep.connect(stub.url);
  stub.answer(list, { body: { items: [] } });
  stub.answer(`POST ${flows}`, { status: 201, body: { id, etag: etags[0] } });
  stub.answer(`GET ${one}`, listOf(item));
});
afterEach(() => stub.close());

test("is created, and waits until Platform has enabled it", async () => {
  stub.answer(`GET ${one}`, listOf(young), listOf({ ...item, options: body.options }), listOf(item));
  const made = await aep.create(type, inputs);
  expect(made).toEqual({ id, inputs: { ...inputs, ...defaults }, properties: { ...inputs, ...defaults, ...outputs } });
  expect(stub.requests).toEqual([
    { call: list },
    { call: `POST ${flows}`, body },
    { call: `GET ${one}` },
    { call: `GET ${one}` },
    { call: `GET ${one}` },
  ]);
  expect(aep.progress).toEqual([
    "waiting until Platform has enabled the dataflow (state: initializing)",
    "waiting until Platform has enabled the dataflow (state: enabled)",
    "Platform has enabled the dataflow",
  ]);
});

test("Platform may show a new dataflow late, but one that stays away is gone", async () => {
  const late = problem("FLOW-1439-404", 404);
  stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
  stub.answer(`GET ${one}`, late, listOf(young), late, listOf(item));
  expect((await aep.create(type, inputs)).properties).toMatchObject(outputs);
  stub.answer(`GET ${one}`, late);
  const error = await errorOf(aep.create(type, inputs));
  expect(error).toMatchObject({ id, message: expect.stringContaining(`The dataflow ${id} is gone`) });
});

test("a lost answer is looked up by the mark", async () => {
  const namesake = { ...item, id: "1", description: inputs.description };
  stub.answer(list, { body: { items: [namesake] } }, { body: { items: [young, namesake] } });
  stub.answer(`POST ${flows}`, { status: 500, body: problem("FLOW-2200-500", 500).body });
  expect((await aep.create(type, inputs)).id).toBe(id);
  expect(stub.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("stays in the state if the time is up before it is enabled, and the next update continues", async () => {
  stub.answer(`GET ${one}`, listOf(young));
  const creation = errorOf(aep.create(type, inputs));
  while (aep.progress.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  aep.stop.abort();
  const error = await creation;
  if (!(error instanceof PartialFailure)) throw error;
  expect(error.id).toBe(id);
  expect(error.properties).toEqual({
    ...inputs,
    ...defaults,
    __unfinished: error.reasons[0],
    state: "initializing",
    updatedAt: "2023-02-17T10:33:31.000Z",
  });
  expect(error.reasons).toEqual([
    `The dataflow "Customer.io events" (${id}) was created, but is not ready: Platform had not enabled it before the timeout, ` +
      "or before the command was stopped (state: initializing). Run npx pulumi up again to continue.",
  ]);

  stub.answer(`GET ${one}`, listOf(young), listOf(young), listOf(item));
  const next = await Aep.connect(stub.url);
  expect(await next.update(type, id, inputs, inputs, error.properties)).toEqual({ ...inputs, ...defaults, ...outputs });
});

test("an error while waiting does not lose the new dataflow either", async () => {
  stub.answer(`GET ${one}`, { status: 403, body: { title: "Forbidden" } });
  const error = await errorOf(aep.create(type, inputs));
  if (!(error instanceof PartialFailure)) throw error;
  expect(error.id).toBe(id);
  expect(error.reasons[0]).toContain("answered 403: Forbidden.");
});

test("a refresh right after shows no difference, and an import finds all", async () => {
  const checked = await aep.check(type, inputs);
  const expected = { id, inputs: checked, properties: { ...checked, ...outputs } };
  expect(await aep.read(type, id, checked, { ...checked, ...outputs })).toEqual(expected);
  expect(await aep.read(type, id)).toEqual(expected);
});

test("what Platform fills in or leaves out by itself is not a difference", async () => {
  stub.answer(
    `GET ${one}`,
    listOf({
      ...item,
      options: { inletUrl, partialIngestionPercent: 5 },
      transformations: [{ name: "Mapping", params: { mappingId: inputs.mappingSetId, mappingVersion: "0" } }],
    }),
  );
  const checked = await aep.check(type, inputs);
  expect((await aep.read(type, id, checked, checked))?.inputs).toEqual(checked);
});

test("a dataflow that was disabled by hand is enabled again", async () => {
  const disabled = { ...item, state: "disabled" };
  stub.answer(`GET ${one}`, listOf(disabled));
  const checked = await aep.check(type, inputs);
  const now = await aep.read(type, id, checked, { ...checked, ...outputs });
  expect(now?.inputs).toEqual({ ...checked, enabled: false });
  expect((await aep.diff(type, id, now?.inputs ?? {}, checked)).detailed).toEqual({ enabled: "update" });

  stub.forget();
  stub.answer(`GET ${one}`, listOf(disabled), listOf(disabled), listOf(disabled), listOf(item));
  stub.answer(`POST ${one}/action?op=enable`, problem("FLOW-1422-400", 400), { body: { id, etag: etags[1] } });
  expect(await aep.update(type, id, { ...inputs, enabled: false }, inputs)).toMatchObject({ state: "enabled" });
  const action = { call: `POST ${one}/action?op=enable` };
  const read = { call: `GET ${one}` };
  expect(stub.requests).toEqual([read, read, action, read, action, read]);
});

test("a dataflow to be disabled is enabled first, as Platform does it, and then disabled", async () => {
  const disabled = { ...item, state: "disabled" };
  stub.answer(`GET ${one}`, listOf(young), listOf(item), listOf(item), listOf(disabled));
  stub.answer(`POST ${one}/action?op=disable`, { body: { id, etag: etags[1] } });
  expect((await aep.create(type, { ...inputs, enabled: false })).properties).toMatchObject({ state: "disabled" });
});

test("name, description and mapping change in one PATCH, with a fresh etag after a 412 and in transition", async () => {
  const fresh = { ...item, etag: '"4c01b703-0000-0200-0000-63ef58000000"' };
  stub.answer(`GET ${one}`, listOf(item), listOf(item), listOf(fresh));
  stub.answer(`PATCH ${one}`, problem("FLOW-1404-412", 412), problem("FLOW-1420-400", 400), {
    body: { id, etag: "x" },
  });
  const { description: _, ...rest } = inputs;
  const news = { ...rest, name: "Renamed", mappingSetId: "new", mappingSetVersion: 2 };
  await aep.update(type, id, inputs, news);
  const steps = [
    { op: "replace", path: "/name", value: "Renamed" },
    { op: "replace", path: "/description", value: `[Pulumi ${mark(type)}]` },
    {
      op: "replace",
      path: "/transformations/0",
      value: { name: "Mapping", params: { mappingId: "new", mappingVersion: 2 } },
    },
  ];
  expect(stub.requests.filter(({ call }) => call.startsWith("PATCH"))).toEqual([
    { call: `PATCH ${one}`, body: steps, ifMatch: item.etag },
    { call: `PATCH ${one}`, body: steps, ifMatch: item.etag },
    { call: `PATCH ${one}`, body: steps, ifMatch: fresh.etag },
  ]);
});

test("a mapping that was removed by hand is added again, and a new description is added", async () => {
  stub.answer(`GET ${one}`, listOf({ ...item, description: "", transformations: [] }));
  stub.answer(`PATCH ${one}`, { body: { id, etag: "x" } });
  await aep.update(type, id, inputs, inputs);
  expect(stub.requests[1]).toEqual({
    call: `PATCH ${one}`,
    body: [
      { op: "add", path: "/description", value: body.description },
      { op: "add", path: "/transformations/-", value: transformation },
    ],
    ifMatch: item.etag,
  });
});

test("a refused change is an ordinary error, and the old state stays", async () => {
  stub.answer(`PATCH ${one}`, problem("FLOW-1425-400", 400));
  const error = await errorOf(aep.update(type, id, inputs, { ...inputs, mappingSetId: "other" }));
  expect(error).not.toBeInstanceOf(PartialFailure);
  expect(error.message).toContain("must have the same schema in the same version");
  expect(stub.calls.filter((call) => call.startsWith("PATCH"))).toHaveLength(1);
});

test.each([
  [{ sourceConnectionId: "other" }, { sourceConnectionId: "update-replace" }],
  [{ targetConnectionId: "other" }, { targetConnectionId: "update-replace" }],
  [{ errorDiagnostics: false }, { errorDiagnostics: "update-replace" }],
  [{ partialIngestionPercent: 10 }, { partialIngestionPercent: "add-replace" }],
  [{ mappingSetId: "other" }, { mappingSetId: "update" }],
  [{ name: "Renamed" }, { name: "update" }],
])("%j is %j", async (change, detailed) => {
  const [before, after] = [await aep.check(type, inputs), await aep.check(type, { ...inputs, ...change })];
  expect(await aep.diff(type, id, before, after)).toEqual({ detailed, deleteBeforeReplace: false });
});

test("after an error the known properties of the dataflow are kept", async () => {
  stub.answer(`GET ${one}`, listOf(item), { status: 403, body: { title: "Forbidden" } });
  stub.answer(`PATCH ${one}`, { body: { id, etag: "x" } });
  const state = { ...inputs, ...defaults, ...outputs };
  const error = await errorOf(aep.update(type, id, inputs, { ...inputs, name: "Renamed" }, state));
  if (!(error instanceof PartialFailure)) throw error;
  expect(error.properties).toEqual({ ...state, name: "Renamed", __unfinished: error.reasons[0] });
  expect(error.reasons[0]).toContain(`The dataflow "Renamed" (${id}) was changed, but is not ready: Could not read`);
});

test("a disabled dataflow keeps its endpoint if Platform does not return it", async () => {
  stub.answer(`GET ${one}`, listOf({ ...item, state: "disabled", options: body.options }));
  const checked = await aep.check(type, { ...inputs, enabled: false });
  const state = { ...checked, ...outputs, state: "disabled" };
  expect(await aep.read(type, id, checked, state)).toEqual({ id, inputs: checked, properties: state });
});

test("without a streaming endpoint it can't be read", async () => {
  stub.answer(`GET ${one}`, listOf(young));
  expect((await errorOf(aep.read(type, id))).message).toContain(
    `The dataflow "Customer.io events" (${id}) has no streaming endpoint (state: initializing).`,
  );
});

test("is deleted once it is no longer in transition; a missing one is fine", async () => {
  stub.answer("GET /data/foundation/schemaregistry/stats", { body: { tenantId: "acme" } });
  stub.answer(`DELETE ${one}`, problem("FLOW-1421-400", 400), { status: 204 }, problem("FLOW-1439-404", 404));
  await aep.delete(type, id);
  expect(stub.calls).toEqual([`DELETE ${one}`, `DELETE ${one}`]);
  await aep.delete(type, id);
  stub.answer(`DELETE ${one}`, problem("FLOW-2120-403", 403));
  await expect(aep.delete(type, id)).rejects.toThrow("Add the API credential to a role");
});

describe("a dataflow without a relay that holds events back", () => {
  const given = { ...inputs, activationSeconds: 300 };
  /** The dataflow's last change, and the state of a run that knew it. */
  const changed = (secondsAgo: number) => {
    const at = Date.now() - secondsAgo * 1000;
    stub.answer(`GET ${one}`, listOf({ ...item, updatedAt: at }));
    return { ...given, ...defaults, ...outputs, updatedAt: new Date(at).toISOString() };
  };

  test("is finished once it keeps events that it accepts", async () => {
    expect((await aep.create(type, given)).properties).toEqual({ ...given, ...defaults, ...outputs });
    expect(aep.waits).toEqual([300_000]);
    expect(aep.progress).toContain("waiting 300 s, because Platform would lose events until then");
  });

  test("waits for the remaining time after an interrupted wait", async () => {
    aep.duringWait = () => aep.stop.abort();
    const error = await errorOf(aep.create(type, given));
    if (!(error instanceof PartialFailure)) throw error;
    expect(error.id).toBe(id);
    expect(error.reasons[0]).toContain("is not ready: the wait for its activation was stopped.");
    aep = await Aep.connect(stub.url);
    await aep.update(type, id, given, given, changed(100));
    expect(aep.waits).toHaveLength(1);
    expect(aep.waits[0]).toBeGreaterThan(190_000);
    expect(aep.waits[0]).toBeLessThanOrEqual(200_000);
  });

  test("does not wait long after its last change, nor while it is disabled", async () => {
    await aep.update(type, id, given, given, changed(301));
    stub.answer(`GET ${one}`, listOf({ ...item, state: "disabled", updatedAt: Date.now() }));
    const disabled = { ...given, enabled: false };
    await aep.update(type, id, disabled, disabled, { ...disabled, ...outputs });
    expect(aep.waits).toEqual([]);
  });

  test("waits for the whole time after a change, also if this machine's clock is ahead", async () => {
    const state = changed(3600);
    stub.answer(`GET ${one}`, listOf({ ...item, updatedAt: Date.now() - 3000_000 }));
    stub.answer(`PATCH ${one}`, { body: { id, etag: "x" } });
    await aep.update(type, id, given, { ...given, name: "Renamed" }, state);
    expect(aep.waits).toEqual([300_000]);
  });
});

describe("a dataflow of an HTTP API source", () => {
  const connections = "/data/foundation/flowservice";
  const http = { ...inputs, flowSpecId: "c1a19761-d2c7-4702-b9fa-fe91f0613e81" };
  const flow = { ...item, flowSpec: { id: http.flowSpecId, version: "1.0" }, options: body.options };
  const connection = { id: "x", name: "x", state: "enabled", etag: "e" };

  beforeEach(() => {
    stub
      .answer(`GET ${one}`, listOf(flow))
      .answer(
        `GET ${connections}/sourceConnections/${inputs.sourceConnectionId}`,
        listOf({
          ...connection,
          connectionSpec: { id: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb" },
          baseConnectionId: "base-1",
        }),
      )
      .answer(`GET ${connections}/connections/base-1`, listOf({ ...connection, auth: { params: { inletUrl } } }));
  });

  test("has the streaming endpoint of its base connection", async () => {
    const made = await aep.create(type, http);
    expect(made.properties).toEqual({ ...http, ...defaults, ...outputs });
    expect(stub.requests.find(({ call }) => call.startsWith("POST"))?.body).toMatchObject({ flowSpec: flow.flowSpec });
    const checked = await aep.check(type, http);
    expect(await aep.read(type, id)).toEqual({ id, inputs: checked, properties: { ...checked, ...outputs } });
  });

  test("a dataflow of another kind does not become one in place", async () => {
    const [before, after] = [await aep.check(type, inputs), await aep.check(type, http)];
    expect((await aep.diff(type, id, before, after)).detailed).toEqual({ flowSpecId: "add-replace" });
  });
});
