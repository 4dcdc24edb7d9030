import { Hono } from "hono";
import { processTags, renderCounts } from "./catalog/batch-counts.ts";
import { violationsOf } from "./ingestion.ts";
import type { Dataset, Sandbox, UploadedBatch } from "./state/model.ts";
import type { PlatformState } from "./state/state.ts";
import { answer, type PlatformContext, type PlatformEnvironment, pathParameter, readObject } from "./web/http.ts";
import { batchId } from "./web/identifiers.ts";
import { isObject, type Json, type JsonObject, objectOf, stringOf } from "./web/json.ts";
import { plainProblem } from "./web/problem.ts";

/** Bytes of a file that is uploaded in one piece: "256 MB". */
const largestFile = 256_000_000;

/** Batch Ingestion: uploads of JSON lines that are rows already (Adobe's "Batch ingestion API overview" and troubleshooting guide). */
export function batchIngestionRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();

  routes.post("/batches", async (context) => {
    const { datasetId, inputFormat, tags } = await readObject(context);
    const format = stringOf(objectOf(inputFormat).format)?.toLowerCase();
    const sandbox = context.get("sandbox");
    const dataset = sandbox.datasets.get(stringOf(datasetId) ?? "");
    if (dataset === undefined) throw plainProblem(400, `The dataset ${String(datasetId)} does not exist`);
    if (format !== "json") throw plainProblem(400, `The input format ${String(format)} is not supported here`);
    const now = state.clock();
    const batch: UploadedBatch = {
      id: batchId(now),
      datasetId: dataset.id,
      tags: objectOf(tags),
      created: now,
      updated: now,
      status: "loading",
      readyAt: 0,
      files: new Map(),
      rows: [],
      failedRecords: 0,
      errors: [],
    };
    sandbox.uploadedBatches.set(batch.id, batch);
    return answer(201, { id: batch.id, ...renderUploaded(state, batch) });
  });

  routes.put("/batches/:id/datasets/:dataset/files/:name{.+}", async (context) => {
    const batch = findBatch(state, context);
    if (batch.datasetId !== pathParameter(context, "dataset")) throw plainProblem(404, "The dataset was not found");
    if (context.req.header("Content-Type") !== "application/octet-stream") {
      throw plainProblem(415, "The media type of a file is application/octet-stream");
    }
    if (batch.status !== "loading") throw plainProblem(400, `The batch ${batch.id} is ${batch.status}`);
    const bytes = Buffer.from(await context.req.arrayBuffer());
    if (bytes.length > largestFile) throw plainProblem(413, "The file is too large");
    const name = pathParameter(context, "name");
    const isNew = !batch.files.has(name);
    batch.files.set(name, bytes.toString("utf8"));
    return answer(isNew ? 201 : 200);
  });

  routes.post("/batches/:id", (context) => {
    const batch = findBatch(state, context);
    const action = context.req.query("action");
    if (action === "COMPLETE") complete(state, batch);
    else if (action === "ABORT") move(batch, "loading", "aborted");
    else if (action === "FAIL") move(batch, "loading", "failed");
    else if (action === "REVERT") revert(context.get("sandbox"), batch);
    else throw plainProblem(400, `The action ${String(action)} is not known`);
    batch.updated = state.clock();
    return answer(200, { id: batch.id, ...renderUploaded(state, batch) });
  });

  return routes;
}

/** The uploaded batches of a sandbox, each in the state that it has now. */
export function uploadedBatches(state: PlatformState, sandbox: Sandbox): UploadedBatch[] {
  const all = [...sandbox.uploadedBatches.values()];
  for (const batch of all) {
    if (batch.status === "staging" && state.clock() >= batch.readyAt) promote(state, sandbox, batch);
  }
  return all;
}

/** A batch as Catalog and this service show it. */
export function renderUploaded(state: PlatformState, batch: UploadedBatch): JsonObject {
  const client = state.options.credentials.clientId;
  const { rows, failedRecords, status } = batch;
  return {
    imsOrg: state.options.credentials.orgId,
    created: batch.created,
    updated: batch.updated,
    status,
    version: "1.0.0",
    tags: Object.assign({}, processTags, batch.tags),
    createdClient: client,
    createdUser: client,
    updatedUser: client,
    inputFormat: { format: "json" },
    relatedObjects: [{ type: "dataSet", id: batch.datasetId }],
    errors: batch.errors.map((error) => ({ ...error, rows: [] })),
    ...(rows.length > 0 && renderCounts(state, { rows: rows.length, failed: failedRecords })),
  };
}

function findBatch(state: PlatformState, context: PlatformContext): UploadedBatch {
  const id = pathParameter(context, "id");
  const batch = uploadedBatches(state, context.get("sandbox")).find((candidate) => candidate.id === id);
  if (batch === undefined) throw plainProblem(404, `The batch ${id} was not found`);
  return batch;
}

function move(batch: UploadedBatch, from: UploadedBatch["status"], to: UploadedBatch["status"]): void {
  if (batch.status !== from) throw plainProblem(400, `The batch ${batch.id} is ${batch.status}`);
  batch.status = to;
}

/** It is safe to repeat, according to Adobe's troubleshooting guide. */
function complete(state: PlatformState, batch: UploadedBatch): void {
  if (batch.status === "staging" || batch.status === "success") return;
  move(batch, "loading", "staging");
  batch.readyAt = state.clock() + state.switches.batchStagingSeconds * 1000;
}

/** Validates the rows and adds them to the dataset. */
function promote(state: PlatformState, sandbox: Sandbox, batch: UploadedBatch): void {
  const dataset = sandbox.datasets.get(batch.datasetId);
  const lines = [...batch.files.values()].flatMap((text) => text.split("\n").filter((line) => line.trim() !== ""));
  batch.updated = batch.readyAt;
  const read = lines.map((line) => readRecord(state, sandbox, dataset, line));
  const refused = read.flatMap(({ refusal }) => refusal ?? []);
  const failsBatch = state.switches.invalidBatchRecord === "fails-batch";
  if (dataset === undefined || lines.length === 0) {
    fail(batch, "106", "Dataset file is empty");
    return;
  }
  if (failsBatch && refused.length > 0) {
    // Adobe publishes no code for it.
    fail(batch, "400", refused[0] ?? "");
    return;
  }
  batch.failedRecords = refused.length;
  batch.rows = read.flatMap(({ row, refusal }) => (row && refusal === undefined ? [row] : []));
  batch.status = "success";
  dataset.rows.push(...batch.rows);
}

function fail(batch: UploadedBatch, code: string, description: string): void {
  batch.status = "failed";
  batch.rows = [];
  batch.errors = [{ code, description }];
}

function readRecord(
  state: PlatformState,
  sandbox: Sandbox,
  dataset: Dataset | undefined,
  line: string,
): { readonly row?: JsonObject; readonly refusal?: string } {
  const row = parseRow(line);
  if (row === undefined || dataset === undefined) return { refusal: "The record is not a JSON object" };
  const usableIdentities = state.switches.unusableIdentity === "fails-record";
  const violations = violationsOf(sandbox, dataset, row, { now: state.clock(), usableIdentities, cacheSeconds: 0 });
  return violations.length === 0 ? { row } : { row, refusal: violations.join("; ") };
}

function parseRow(line: string): JsonObject | undefined {
  try {
    const row = JSON.parse(line) as Json;
    return isObject(row) ? row : undefined;
  } catch {
    return undefined;
  }
}

/** The rows are no longer there for any reader. */
function revert(sandbox: Sandbox, batch: UploadedBatch): void {
  move(batch, "success", "inactive");
  const dataset = sandbox.datasets.get(batch.datasetId);
  const own = new Set(batch.rows);
  const kept = dataset?.rows.filter((row) => !own.has(row)) ?? [];
  dataset?.rows.splice(0, dataset.rows.length, ...kept);
}
