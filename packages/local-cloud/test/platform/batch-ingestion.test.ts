import { event, flowing, Platform } from "./harness.ts";

const batches = "/data/foundation/import/batches";
const octets = { "Content-Type": "application/octet-stream" };

let platform: Platform;
let dataset: string;

beforeEach(async () => {
  platform = await Platform.start();
  const flow = await flowing(platform);
  ({ dataset } = flow);
  await platform.send(flow.inletUrl, flow.flow, event({ event_id: "streamed" }));
  await platform.idle();
});
afterEach(() => platform.close());

async function create(): Promise<string> {
  const body = { datasetId: dataset, inputFormat: { format: "json" }, tags: { mine: ["1"] } };
  const { status, body: batch } = await platform.call("POST", batches, { body });
  expect([status, batch.status, batch.tags]).toMatchObject([201, "loading", { mine: ["1"] }]);
  return String(batch.id);
}

const upload = (id: string, name: string, rows: readonly object[], headers = octets) =>
  fetch(`${platform.url}${batches}/${id}/datasets/${dataset}/files/${name}`, {
    method: "PUT",
    headers: {
      Authorization: `Bearer ${platform.token}`,
      "x-api-key": "client",
      "x-sandbox-name": "dev",
      "x-gw-ims-org-id": "0123456789ABCDEF01234567@AdobeOrg",
      ...headers,
    },
    body: rows.map((row) => JSON.stringify(row)).join("\n"),
  }).then(({ status }) => status);

const act = (id: string, action: string) =>
  platform.call("POST", `${batches}/${id}?action=${action}`).then(({ status }) => status);

async function stateOf(id: string) {
  const { body } = await platform.call("GET", `/data/foundation/catalog/batches/${id}`);
  return body[id] as { status: string; metrics?: object; errors: { code: string; description: string }[] };
}

const row = (id: string) => ({ _id: id, timestamp: "2024-04-30T10:00:00Z", _acme: { metric: "sent" } });
const idsOf = async () => ((await platform.rows(dataset)) as { _id: string }[]).map(({ _id }) => _id).toSorted();

test("a batch's rows show once it has been staged, and are gone once it is reverted", async () => {
  const id = await create();
  expect(await upload(id, "a.json", [row("1"), row("2")])).toBe(201);
  // The same name replaces the file.
  expect(await upload(id, "a.json", [row("1"), row("3")])).toBe(200);
  expect(await act(id, "REVERT")).toBe(400);
  expect([await act(id, "COMPLETE"), await act(id, "COMPLETE")]).toEqual([200, 200]);
  expect((await stateOf(id)).status).toBe("staging");
  expect(await idsOf()).toEqual(["streamed"]);
  expect(await upload(id, "b.json", [row("4")])).toBe(400);
  platform.pass(2);
  expect(await stateOf(id)).toMatchObject({ status: "success", metrics: { outputRecordCount: 2 } });
  expect(await idsOf()).toEqual(["1", "3", "streamed"]);
  const files = `/data/foundation/export/batches/${id}/files`;
  expect((await platform.call("GET", files)).status).toBe(200);
  expect([await act(id, "ABORT"), await act(id, "REVERT")]).toEqual([400, 200]);
  expect((await stateOf(id)).status).toBe("inactive");
  expect(await idsOf()).toEqual(["streamed"]);
  expect((await platform.call("GET", files)).status).toBe(404);
});

test("a record that the schema refuses fails the whole batch, and an empty batch fails too", async () => {
  for (const rows of [[row("1"), { ...row("2"), unknown: 1 }], []]) {
    const id = await create();
    await upload(id, "a.json", rows);
    await act(id, "COMPLETE");
    platform.pass(2);
    expect((await stateOf(id)).status).toBe("failed");
    expect((await stateOf(id)).errors).toHaveLength(1);
  }
  expect(await idsOf()).toEqual(["streamed"]);
  await platform.plain("POST", "/__local/switches", {}, JSON.stringify({ invalidBatchRecord: "left-out" }));
  const id = await create();
  await upload(id, "a.json", [row("1"), { ...row("2"), unknown: 1 }]);
  await act(id, "COMPLETE");
  platform.pass(2);
  expect(await stateOf(id)).toMatchObject({
    status: "success",
    metrics: { inputRecordCount: 2, outputRecordCount: 1, failedRecordCount: 1 },
  });
});

test("invalid calls are refused as by Platform", async () => {
  const id = await create();
  expect(await upload(id, "a.json", [row("1")], { "Content-Type": "application/json" })).toBe(415);
  expect(await upload("none", "a.json", [row("1")])).toBe(404);
  expect(await act(id, "PAUSE")).toBe(400);
  const unknown = { datasetId: "none", inputFormat: { format: "json" } };
  expect((await platform.call("POST", batches, { body: unknown })).status).toBe(400);
  expect(await act(id, "ABORT")).toBe(200);
  expect((await stateOf(id)).status).toBe("aborted");
  await platform.plain("POST", "/__local/switches", {}, JSON.stringify({ permissionsLacking: "manage-datasets" }));
  expect((await platform.call("POST", batches, { body: { ...unknown, datasetId: dataset } })).status).toBe(403);
});
