import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Hono } from "hono";
import { uploadedBatches } from "../batch-ingestion.ts";
import { showsRows } from "../state/batch-state.ts";
import type { Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, numberParameter, type PlatformContext, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import type { JsonObject } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";

/** Maximum rows of a file. A larger batch has several files. */
const rowsPerFile = 1_000;
const mostEntries = 100;

/** Data Access: the files of a batch and their content in Parquet format (Adobe's “Data Access API”). */
export function addDataFileRoutes(routes: Hono<PlatformEnvironment>, state: PlatformState): void {
  const files = new Map<string, { readonly rows: number; readonly bytes: Promise<Buffer> }>();
  /** A file's content stays the same until its batch gets more rows. */
  const bytesOf = (id: string, rows: readonly JsonObject[]): Promise<Buffer> => {
    const known = files.get(id);
    if (known?.rows === rows.length) return known.bytes;
    const bytes = writeParquet(rows);
    files.set(id, { rows: rows.length, bytes });
    return bytes;
  };

  routes.get("/batches/:id/files", (context) => {
    const id = pathParameter(context, "id");
    const batch = findBatch(context.get("sandbox"), id);
    if (batch === undefined) throw plainProblem(404, `The batch ${id} was not found`);
    const count = Math.ceil(batch.rows.length / rowsPerFile);
    return answerPage(
      context,
      Array.from({ length: count }, (_, index) => describeFile(context, `${id}-${index}`, batch)),
    );
  });

  routes.get("/files/:id", async (context) => {
    const id = pathParameter(context, "id");
    const [, batchId = "", index = "", part] = id.match(/^(.+?)-(\d+)(-part)?$/) ?? [];
    const from = Number(index) * rowsPerFile;
    const batch = findBatch(context.get("sandbox"), batchId);
    const rows = batch?.rows.slice(from, from + rowsPerFile) ?? [];
    if (batch && rows.length > 0 && part === undefined && state.switches.dataFiles === "directories") {
      return answerPage(context, [describeFile(context, `${id}-part`, batch)]);
    }
    const name = `part-${index.padStart(5, "0")}.parquet`;
    const wanted = context.req.query("path");
    if (rows.length === 0 || (wanted ?? name) !== name) throw plainProblem(404, `The file ${id} was not found`);
    const bytes = await bytesOf(id, rows);
    if (wanted === undefined) return answerPage(context, [{ name, length: String(bytes.length) }]);
    return answerBytes(bytes, context.req.header("Range"));
  });

  /** A batch whose rows can be read. */
  function findBatch(sandbox: Sandbox, id: string) {
    const uploaded = uploadedBatches(state, sandbox).find((batch) => batch.id === id && showsRows(batch.status));
    if (uploaded !== undefined || state.switches.rowsShow === "later") return uploaded;
    const run = [...sandbox.runs.values()].find(
      ({ successBatchId, status }) => successBatchId === id && showsRows(status),
    );
    return run && { rows: run.rows, created: run.startedAt, updated: run.updatedAt };
  }
}

/** A file without its name, or a directory of such. */
function describeFile(
  context: PlatformContext,
  id: string,
  { created, updated }: { readonly created: number; readonly updated: number },
): JsonObject {
  return {
    dataSetFileId: id,
    version: "1.0.0",
    created: String(created),
    isValid: true,
    updated: String(updated),
    _links: { self: { href: `${new URL(context.req.url).origin}/data/foundation/export/files/${id}` } },
  };
}

function answerPage(context: PlatformContext, list: readonly JsonObject[]): Response {
  const start = numberParameter(context, "start") ?? 0;
  const limit = Math.min(mostEntries, numberParameter(context, "limit", 1) ?? mostEntries);
  const data = list.slice(start, start + limit);
  return answer(200, { data, _page: { limit, count: data.length } });
}

function answerBytes(bytes: Buffer, range: string | undefined): Response {
  const headers = { "content-type": "application/octet-stream", "accept-ranges": "bytes" };
  const [, first, last] = range?.match(/^bytes=(\d+)-(\d*)$/) ?? [];
  if (first === undefined) return new Response(new Uint8Array(bytes), { headers });
  const from = Number(first);
  if (from >= bytes.length) return new Response(null, { status: 416 });
  const to = Math.min(bytes.length - 1, last === "" ? bytes.length - 1 : Number(last));
  const part = { "content-range": `bytes ${from}-${to}/${bytes.length}` };
  return new Response(new Uint8Array(bytes.subarray(from, to + 1)), { status: 206, headers: { ...headers, ...part } });
}

/** Rows as a Parquet file, with only the columns that they use, nested as in the schema. */
async function writeParquet(rows: readonly JsonObject[]): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), "batch-"));
  const [source, target] = [path.join(folder, "rows.json"), path.join(folder, "rows.parquet")];
  try {
    await writeFile(source, rows.map((row) => JSON.stringify(row)).join("\n"));
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    const read = `read_json('${source}', format = 'newline_delimited', sample_size = -1)`;
    await connection.run(`COPY (SELECT * FROM ${read}) TO '${target}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    return await readFile(target);
  } finally {
    await rm(folder, { recursive: true });
  }
}
