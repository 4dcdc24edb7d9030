import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DataAccess } from "../../cli/platform/data-access.ts";
import { listRuns, readDataflow } from "../../cli/platform/dataflow.ts";
import { listBatches } from "../../cli/platform/dataset.ts";
import type { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { clientFor } from "../../packages/pulumi-aep/test/aep.ts";
import { type Answer, PlatformStub } from "../../packages/pulumi-aep/test/platform-stub.ts";

// What Platform leaves out or writes in another form must not make a check fail.

let stub: PlatformStub;
let client: AepClient;

beforeEach(async () => {
  stub = await new PlatformStub().start();
  client = clientFor(stub.url);
});
afterEach(() => stub.close());

const foundation = "GET /data/foundation";
const created = "2026-11-20T10:00:00.000Z";

test("a run that has just begun has no counts yet", async () => {
  const items = [
    { id: "r2", createdAt: created, metrics: null },
    {
      id: "r1",
      createdAt: Date.parse(created),
      metrics: { statusSummary: { status: "failed", errors: [{ message: "?" }] } },
    },
  ];
  stub.answer(`${foundation}/flowservice/runs?property=flowId%3D%3Df1&orderby=-createdAt&limit=24`, {
    body: { items },
  });
  expect(await listRuns(client, "f1")).toMatchObject([
    { startedAt: new Date(created), status: "unknown", recordsIn: 0, errors: [] },
    { startedAt: new Date(created), status: "failed", errors: ["?"] },
  ]);
});

test("a run's errors are those of its records, which Adobe shows in an activity", async () => {
  const failed = { code: "CONNECTOR-2001-500", message: "Error occurred at promotion activity." };
  const extensions = { errors: [{ code: "MAPPER-3700-400", recordCount: 1, message: "Mapper Transform Error" }] };
  const statusSummary = { status: "success", errors: [failed] };
  const items = [
    {
      createdAt: Date.parse(created),
      metrics: { statusSummary },
      activities: [
        { id: "copyActivity" },
        { id: "promotionActivity", statusSummary: { ...statusSummary, extensions } },
      ],
    },
  ];
  stub.answer(`${foundation}/flowservice/runs?property=flowId%3D%3Df1&orderby=-createdAt&limit=24`, {
    body: { items },
  });
  const [run] = await listRuns(client, "f1");
  expect(run?.errors).toEqual([
    "MAPPER-3700-400 Mapper Transform Error",
    "CONNECTOR-2001-500 Error occurred at promotion activity.",
  ]);
});

test("a dataflow may have no endpoint of its own", async () => {
  const items = [{ name: "Customer.io", state: "enabled", options: { inletUrl: null } }];
  stub.answer(`${foundation}/flowservice/flows/f1`, { body: { items } });
  expect(await readDataflow(client, "f1")).toEqual({ name: "Customer.io", state: "enabled", inletUrl: undefined });
});

test("a batch may lack everything but its time", async () => {
  const tags = { acp_enableErrorDiagnostics: true, acp_partialIngestionPercent: 5 };
  const body = { b1: { created, status: null, recordCount: "7", errors: [{ code: null }], tags } };
  stub.answer(`${foundation}/catalog/batches?dataSet=d1&orderBy=desc:created&limit=10`, { body });
  expect(await listBatches(client, "d1")).toEqual([
    {
      id: "b1",
      createdAt: new Date(created),
      status: "unknown",
      rows: undefined,
      failedRecords: 0,
      errors: ["no reason given"],
      tags: {},
    },
  ]);
});

test("a batch's own tags are read beside those that Platform has set", async () => {
  const tags = { acp_enableErrorDiagnostics: true, acp_partialIngestionPercent: 5, own: ["x"] };
  stub.answer(`${foundation}/catalog/batches?dataSet=d1&orderBy=desc:created&limit=10`, {
    body: { b1: { created, tags } },
  });
  expect(await listBatches(client, "d1")).toMatchObject([{ tags: { own: ["x"] } }]);
});

// The names of Adobe's "Partial batch ingestion", of its "View dataset data using Data Access API", and of Catalog's API description.
test.each([
  [{ metrics: { inputRecordCount: 519, outputRecordCount: 514, failedRecordCount: 5 } }, 514, 5],
  [{ metrics: { inputRecordCount: 519, outputRecordCount: 497 } }, 497, 22],
  [{ metrics: { recordsRead: 4, recordsWritten: 4, recordsFailed: 1 } }, 4, 1],
  [{ metrics: { foo: 1337 }, recordCount: 45, failedRecordCount: 2 }, 43, 2],
  [{ recordCount: 0, failedRecordCount: 2 }, 0, 2],
  [{ metrics: { foo: 1337 } }, undefined, 0],
  [{ metrics: { inputRecordCount: 519 } }, undefined, 0],
])("a batch with %j has %p rows and %i failed records", async (counts, rows, failedRecords) => {
  stub.answer(`${foundation}/catalog/batches?dataSet=d1&orderBy=desc:created&limit=10`, {
    body: { b1: { created, ...counts } },
  });
  expect(await listBatches(client, "d1")).toMatchObject([{ rows, failedRecords }]);
});

describe("a file of a batch", () => {
  const partLength = 8 * 1024 * 1024;
  const [first, rest] = ["a".repeat(partLength), "bcd"];
  const total = partLength + rest.length;
  const rangeOf = (from: number, to: number, size: number | string = total) => ({
    "Content-Range": `bytes ${from}-${to}/${size}`,
  });
  const begin = { status: 206, headers: rangeOf(0, partLength - 1), body: first };
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "file-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function download(...answers: Answer[]): Promise<string> {
    stub.answer(`${foundation}/export/files/f1?path=rows.parquet`, ...answers);
    const target = path.join(folder, "rows.parquet");
    const file = { id: "f1", name: "rows.parquet", length: total };
    await new DataAccess(client, "d1").download(file, target, new AbortController().signal);
    return readFile(target, "utf8");
  }

  test.each([
    ["in the parts that were requested", [begin, { status: 206, headers: rangeOf(partLength, total - 1), body: rest }]],
    [
      "without Content-Range",
      [
        { ...begin, headers: {} },
        { status: 206, body: rest },
      ],
    ],
    [
      "with a part that is shorter",
      [
        begin,
        { status: 206, headers: rangeOf(partLength, partLength, "*"), body: "b" },
        { status: 206, headers: rangeOf(partLength + 1, total - 1), body: "cd" },
      ],
    ],
    ["as a whole from a server without ranges", [{ body: first + rest }]],
  ])("is read %s", async (_how, answers) => {
    expect((await download(...answers)) === first + rest).toBe(true);
  });

  test.each([
    ["the whole file again", { body: first + rest }],
    ["another part", { status: 206, headers: rangeOf(0, rest.length - 1), body: first.slice(0, rest.length) }],
    ["a part of another version", { status: 206, headers: rangeOf(partLength, total - 1, total + 9), body: rest }],
    ["a part of another length, without Content-Range", { status: 206, body: "b" }],
    ["nothing", { status: 206, body: "" }],
    ["an answer without a range that has as many bytes", { body: "xyz" }],
  ] satisfies [string, Answer][])("is refused if its second part is %s", async (_what, answer: Answer) => {
    const refusal = `Could not download the file rows.parquet: the answer did not match Adobe's documentation (${answer.status ?? 200}, `;
    await expect(download(begin, answer)).rejects.toThrow(refusal);
  });
});
