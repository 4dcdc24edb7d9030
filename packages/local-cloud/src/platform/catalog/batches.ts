import { Hono } from "hono";
import { renderUploaded, uploadedBatches } from "../batch-ingestion.ts";
import { type BatchState, showsRows } from "../state/batch-state.ts";
import type { RunWindow, Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, numberParameter, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import type { JsonObject } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { compareValues } from "../web/property-filter.ts";
import { processTags, renderCounts } from "./batch-counts.ts";
import { pageOfCatalog } from "./list-query.ts";

/** Catalog Service: the batches of each hour of a streaming flow, and uploaded batches. */
export function batchRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();

  routes.get("/batches", (context) => {
    const { dataSet } = context.req.query();
    const [after, before] = ["createdAfter", "createdBefore"].map((name) => numberParameter(context, name));
    const inRange = batches(state, context.get("sandbox"))
      .filter(({ datasetId }) => (dataSet ?? datasetId) === datasetId)
      // "Exclusively filter records created after this timestamp", and before it.
      .filter(({ item }) => after === undefined || Number(item.created) > after)
      .filter(({ item }) => before === undefined || Number(item.created) < before);
    const own = ["dataSet", "createdAfter", "createdBefore"];
    const found = pageOfCatalog(context, inRange, { order: "desc:created", own });
    return answer(200, Object.fromEntries(found.map(({ id, item }) => [id, item])));
  });

  routes.get("/batches/:id", (context) => {
    const id = pathParameter(context, "id");
    const batch = batches(state, context.get("sandbox")).find((candidate) => candidate.id === id);
    if (batch === undefined) throw plainProblem(404, `The batch ${id} was not found`);
    return answer(200, { [id]: batch.item });
  });

  routes.get("/lastBatches", (context) => {
    const wanted = context.req.query("dataSetId");
    const sandbox = context.get("sandbox");
    const known = batches(state, sandbox).sort((left, right) => compareValues(right.item.updated, left.item.updated));
    const answers: JsonObject = {};
    for (const { id } of sandbox.datasets.values()) {
      const own = known.filter((batch) => batch.datasetId === id);
      const [last] = own;
      if (last === undefined || (wanted ?? id) !== id) continue;
      answers[id] = {
        lastBatchId: last.id,
        lastBatchStatus: last.item.status,
        lastSuccessfulBatchId: own.find((batch) => showsRows(batch.item.status as BatchState))?.id,
        lastFailedBatchId: own.find((batch) => batch.item.status === "failed")?.id,
        imsOrg: state.options.credentials.orgId,
        sandboxId: sandbox.id,
        created: last.item.created,
        updated: last.item.updated,
      };
    }
    return answer(200, answers);
  });

  return routes;
}

interface Batch {
  readonly id: string;
  readonly datasetId: string;
  readonly item: JsonObject;
}

function batches(state: PlatformState, sandbox: Sandbox): Batch[] {
  const found: Batch[] = [];
  for (const run of sandbox.runs.values()) {
    found.push(...batchesOfRun(state, run));
  }
  for (const batch of uploadedBatches(state, sandbox)) {
    found.push({ id: batch.id, datasetId: batch.datasetId, item: renderUploaded(state, batch) });
  }
  return found;
}

/** An hour's rows and its failed records are in a batch each, or in one. */
function batchesOfRun(state: PlatformState, run: RunWindow): Batch[] {
  const { failedRecords: place } = state.switches;
  const { status, outputRecords, failedRecords, datasetId } = run;
  const errors = run.errors.map(({ code, message }) => ({ code, description: message, rows: [] }));
  const isOne = place !== "own-batch" && outputRecords > 0;
  const ofRows = {
    status,
    ...renderCounts(state, { rows: outputRecords, failed: isOne ? failedRecords : 0 }),
    errors: isOne ? errors : [],
  };
  const ofFailures = { status: "failed", ...renderCounts(state, { rows: 0, failed: failedRecords }), errors };
  return [
    ...(outputRecords > 0 ? [{ id: run.successBatchId, datasetId, item: render(state, run, ofRows) }] : []),
    ...(failedRecords > 0 && !isOne
      ? [{ id: run.failedBatchId, datasetId, item: render(state, run, ofFailures) }]
      : []),
  ];
}

function render(state: PlatformState, run: RunWindow, outcome: JsonObject): JsonObject {
  const client = state.options.credentials.clientId;
  return {
    imsOrg: state.options.credentials.orgId,
    created: run.startedAt,
    updated: run.updatedAt,
    started: run.startedAt,
    completed: run.updatedAt,
    createdClient: client,
    createdUser: client,
    updatedUser: client,
    version: "1.0.1",
    ...outcome,
    relatedObjects: [{ type: "dataSet", id: run.datasetId }],
    tags: { ...processTags, flowId: [run.flowId] },
    inputFormat: { format: "json" },
  };
}
