import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { DataAccess } from "../../../../cli/platform/data-access.ts";
import { AepClient } from "../../../pulumi-aep/src/client/client.ts";
import { config } from "../../../pulumi-aep/src/config.ts";
import { connectionTo, credentials, event, flowing, Platform } from "./harness.ts";

let platform: Platform;
let folder: string;
const never = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "data-access-"));
  platform = await Platform.start();
});
afterEach(async () => {
  await platform.close();
  await rm(folder, { recursive: true });
});

async function open(count: number): Promise<DataAccess> {
  const flow = await flowing(platform);
  for (let index = 0; index < count; index += 1) {
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: String(index) }));
  }
  await platform.idle();
  return new DataAccess(new AepClient(config.parse(connectionTo(platform.url))), flow.dataset);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function idsIn(file: string): Promise<unknown[]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const read = await connection.runAndReadAll(
    `SELECT _id, epoch("timestamp") AS at FROM read_parquet('${file}') ORDER BY 1`,
  );
  return read.getRowObjectsJson();
}

test.each(["directories", "files"])("a batch's files are parquet with its rows, if it has %s", async (dataFiles) => {
  await platform.plain("POST", "/__local/switches", {}, JSON.stringify({ dataFiles }));
  const access = await open(2);
  const batches = await collect(access.eachBatch(new Date(0), never));
  expect(batches).toMatchObject([{ status: "success", rows: 2, failedRecords: 0 }]);
  const [file] = await access.listFiles(batches[0]?.id ?? "", never);
  expect(file?.name).toBe("part-00000.parquet");
  const local = path.join(folder, "rows.parquet");
  if (file) await access.download(file, local, never);
  const at = Date.parse("2024-05-01T11:59:00Z") / 1000;
  expect(await idsIn(local)).toEqual([
    { _id: "0", at },
    { _id: "1", at },
  ]);
});

test("batches are those since a time", async () => {
  const access = await open(1);
  expect(await collect(access.eachBatch(new Date(platform.now + 1), never))).toEqual([]);
});

test("a file that is gone is an error with what Platform says", async () => {
  const access = await open(1);
  const gone = { id: "none-0", name: "part-00000.parquet", length: 10 };
  await expect(access.download(gone, path.join(folder, "none"), never)).rejects.toThrow("none-0");
});

test("parts of a file are returned as they were asked for", async () => {
  const access = await open(1);
  const [batch] = await collect(access.eachBatch(new Date(0), never));
  const [file] = await access.listFiles(batch?.id ?? "", never);
  const url = `/data/foundation/export/files/${file?.id}?path=${file?.name}`;
  const answer = await fetch(platform.url + url, {
    headers: {
      Authorization: `Bearer ${platform.token}`,
      "x-api-key": credentials.clientId,
      Range: "bytes=0-3",
      "x-gw-ims-org-id": credentials.orgId,
      "x-sandbox-name": "dev",
    },
  });
  expect([answer.status, await answer.text()]).toEqual([206, "PAR1"]);
});
