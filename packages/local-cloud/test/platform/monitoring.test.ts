import { previewRows } from "../../../../cli/platform/dataset.ts";
import type { AepClient } from "../../../pulumi-aep/src/client/client.ts";
import type { JsonObject } from "../../src/platform/web/json.ts";
import { catalog, event, flowing, Platform, type RunningFlow, wire } from "./harness.ts";

let platform: Platform;
afterEach(() => platform.close());

const preview = (dataset: string) => platform.call("GET", `/data/foundation/export/datasets/${dataset}/preview`);

async function withEvents(ids: readonly (string | null)[]): Promise<RunningFlow> {
  platform = await Platform.start();
  const flow = await flowing(platform);
  for (const id of ids) await platform.send(flow.inletUrl, flow.flow, event({ event_id: id }));
  await platform.idle();
  return flow;
}

describe("preview", () => {
  test("has the first hundred rows", async () => {
    const flow = await withEvents(Array.from({ length: 101 }, (_, index) => String(index)));
    const { data } = (await preview(flow.dataset)).body;
    expect(data).toHaveLength(100);
    expect((data as JsonObject[])[99]).toEqual({ _id: "99", timestamp: "2024-05-01T11:59:00.000Z" });
  });

  test("gets 404 for a dataset that is unknown or, by default, empty", async () => {
    const flow = await withEvents([]);
    expect((await preview(flow.dataset)).status).toBe(404);
    expect((await preview("none")).status).toBe(404);
    await platform.close();
    platform = await Platform.start({ switches: { emptyPreview: "empty-list" } });
    const { dataset } = await wire(platform);
    expect((await preview(dataset)).json).toEqual({ data: [] });
  });
});

test("a dataset's preview is read in either form", async () => {
  for (const previewAnswer of ["object", "list"] as const) {
    platform = await Platform.start({ switches: { previewAnswer } });
    const flow = await flowing(platform);
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: "1" }));
    await platform.idle();
    const shown = await preview(flow.dataset);
    const client = {
      find: async (_call: unknown, answer: { parse(data: unknown): unknown }) => answer.parse(shown.json),
    } as unknown as AepClient;
    expect(await previewRows(client, flow.dataset)).toMatchObject([{ _id: "1" }]);
    if (previewAnswer === "object") await platform.close();
  }
});

test("an hour has a batch of its rows, and one of its failed records", async () => {
  const flow = await withEvents(["1", "2", null]);
  const list = async (query: string) => (await platform.call("GET", `${catalog}/batches?${query}`)).body;
  const all = await list(`dataSet=${flow.dataset}&orderBy=desc:created`);
  expect(Object.values(all)).toEqual([
    expect.objectContaining({
      status: "success",
      metrics: { inputRecordCount: 2, outputRecordCount: 2, failedRecordCount: 0 },
      errors: [],
    }),
    expect.objectContaining({
      status: "failed",
      metrics: { inputRecordCount: 1, outputRecordCount: 0, failedRecordCount: 1 },
      errors: [{ code: "INGEST-1212-400", description: "The record does not conform to the XDM schema", rows: [] }],
      relatedObjects: [{ type: "dataSet", id: flow.dataset }],
    }),
  ]);
  expect(Object.keys(await list("dataSet=none"))).toEqual([]);
  const failed = await list("status=failed&limit=1");
  const [id] = Object.keys(failed);
  expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect((await platform.call("GET", `${catalog}/batches/${id}`)).body).toEqual(failed);
  expect((await platform.call("GET", `${catalog}/batches/none`)).status).toBe(404);
  const last = await platform.call("GET", `${catalog}/lastBatches?dataSetId=${flow.dataset}`);
  expect(last.json).toEqual({
    [flow.dataset]: expect.objectContaining({ lastBatchStatus: "success", lastFailedBatchId: id }),
  });
});

test("an hour's failed records may be counted in the batch of its rows", async () => {
  const flow = await withEvents(["1", "2", null]);
  const counts = async (failedRecords: string) => {
    const switches = { batchCounts: "beside-metrics", failedRecords };
    await platform.plain("POST", "/__local/switches", {}, JSON.stringify(switches));
    const { body } = await platform.call("GET", `${catalog}/batches?dataSet=${flow.dataset}`);
    return Object.values(body as Record<string, JsonObject>).map(({ status, recordCount, failedRecordCount }) => [
      status,
      recordCount,
      failedRecordCount,
    ]);
  };
  expect(await counts("in-record-count")).toEqual([["success", 3, 1]]);
  expect(await counts("beside-record-count")).toEqual([["success", 2, 1]]);
});

test("a batch can be put into any state, and its rows show in two of them", async () => {
  const flow = await withEvents(["1", "2"]);
  const [id = ""] = Object.keys((await platform.call("GET", `${catalog}/batches`)).body);
  const set = (status: string, batch = id) =>
    platform.plain("POST", `/__local/batches/${batch}`, {}, JSON.stringify({ status }));
  const files = async () => (await platform.call("GET", `/data/foundation/export/batches/${id}/files`)).status;
  expect((await set("stalled")).status).toBe(204);
  expect((await platform.call("GET", `${catalog}/batches/${id}`)).body[id]).toMatchObject({ status: "stalled" });
  expect([(await preview(flow.dataset)).status, await files()]).toEqual([404, 404]);
  // What arrives meanwhile waits with the batch.
  await platform.send(flow.inletUrl, flow.flow, event({ event_id: "3" }));
  await platform.idle();
  expect((await preview(flow.dataset)).status).toBe(404);
  await set("active");
  expect((await preview(flow.dataset)).body.data).toHaveLength(3);
  expect(await files()).toBe(200);
  expect([(await set("lost")).status, (await set("stalled", "none")).status]).toEqual([400, 404]);
});

describe("metrics", () => {
  const rows = "timeseries.ingestion.dataset.recordsuccess.count";
  const sums = { aggregator: "sum", downsample: "sum" };
  const ask = (changes: JsonObject) =>
    platform.call("POST", "/data/infrastructure/observability/insights/metrics", {
      body: {
        start: "2024-05-01T00:00:00Z",
        end: "2024-05-02T00:00:00Z",
        granularity: "DAY",
        metrics: [],
        ...changes,
      },
    });

  test("count by dataset or inlet, by the day or the hour", async () => {
    const flow = await withEvents(["1", "2", null]);
    const byDataset = [{ name: "dataSetId", value: `${flow.dataset}|other`, groupBy: false }];
    const byInlet = [{ name: "inletId", value: flow.inletUrl.slice(-64) }];
    const metrics = [
      { name: rows, filters: byDataset, ...sums },
      { name: "timeseries.ingestion.dataset.batchfailed.count", filters: byDataset, ...sums },
      { name: "timeseries.data.collection.inlet.total.messages.received", filters: byInlet, ...sums },
      { name: rows, filters: [{ name: "dataSetId", value: "other" }], ...sums },
    ];
    const { body } = await ask({ metrics });
    expect(body.metricResponses).toEqual([
      {
        metric: "timeseries.ingestion.dataset.recordsuccess.count",
        filters: byDataset,
        datapoints: [{ groupBy: {}, dps: { "2024-05-01T00:00:00Z": 2 } }],
        granularity: "DAY",
      },
      expect.objectContaining({ datapoints: [{ groupBy: {}, dps: { "2024-05-01T00:00:00Z": 1 } }] }),
      expect.objectContaining({ datapoints: [{ groupBy: {}, dps: { "2024-05-01T00:00:00Z": 3 } }] }),
      expect.objectContaining({ datapoints: [{ groupBy: {}, dps: {} }] }),
    ]);
    const hourly = await ask({ granularity: "HOUR", metrics: metrics.slice(0, 1) });
    expect(hourly.body.metricResponses).toEqual([
      expect.objectContaining({ datapoints: [{ groupBy: {}, dps: { "2024-05-01T12:00:00Z": 2 } }] }),
    ]);
    const before = await ask({ end: "2024-05-01T11:59:59Z", metrics: metrics.slice(0, 1) });
    expect(before.body.metricResponses).toEqual([expect.objectContaining({ datapoints: [{ groupBy: {}, dps: {} }] })]);
  });

  test.each([
    { granularity: "FORTNIGHT" },
    { start: "yesterday" },
    { start: "2024-05-03T00:00:00Z" },
    { metrics: [{ name: "none", ...sums }] },
    { metrics: [{ name: rows, downsample: "sum" }] },
    { metrics: [{ name: rows, ...sums, aggregator: "total" }] },
    { metrics: [{ name: rows, aggregator: "sum" }] },
  ])("%j is refused", async (changes) => {
    await withEvents(["1"]);
    const answer = await ask(changes);
    expect(answer.status).toBe(400);
    expect(answer.body.type).toBe("http://ns.adobe.com/aep/errors/INSGHT-1000-400");
  });
});

test("the census counts existing objects, by kind and sandbox", async () => {
  await withEvents([]);
  const empty = {
    fieldGroups: 0,
    schemas: 0,
    descriptors: 0,
    datasets: 0,
    mappingSets: 0,
    connections: 0,
    sourceConnections: 0,
    targetConnections: 0,
    flows: 0,
  };
  const full = {
    ...empty,
    fieldGroups: 1,
    schemas: 1,
    datasets: 1,
    mappingSets: 1,
    sourceConnections: 1,
    targetConnections: 1,
    flows: 1,
  };
  expect((await platform.plain("GET", "/__local/census")).json).toEqual(full);
  expect((await platform.plain("GET", "/__local/census?sandbox=dev")).json).toEqual(full);
  expect((await platform.plain("GET", "/__local/census?sandbox=prod")).json).toEqual(empty);
  expect((await platform.plain("GET", "/__local/rows?dataset=none")).status).toBe(404);
  expect((await platform.plain("POST", "/__local/idle")).json).toEqual({ pending: 0 });
});
