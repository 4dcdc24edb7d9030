import { Hono } from "hono";
import type { Flow, RunWindow, Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import { batchId, etag, uuid } from "../web/identifiers.ts";
import type { JsonObject } from "../web/json.ts";
import { originAttributes } from "./entity.ts";
import { listEntities } from "./list-query.ts";
import { notFound } from "./problems.ts";

const hour = 3_600_000;

/** Flow Service: the runs of streaming flows, one for each hour in which events arrived (monitor-streaming page). */
export function runRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/", (context) => {
    const sandbox = context.get("sandbox");
    const all = Array.from(sandbox.runs.values(), (run) => render(state, sandbox, run));
    return answer(200, listEntities(context, "runs", all));
  });
  routes.get("/:id", (context) => {
    const sandbox = context.get("sandbox");
    const id = pathParameter(context, "id");
    const run = Array.from(sandbox.runs.values()).find((candidate) => candidate.id === id);
    if (run === undefined) throw notFound(state, "runs", id);
    return answer(200, { items: [render(state, sandbox, run)] });
  });
  return routes;
}

/** The run of the current hour, created for its first record. */
export function currentRun(sandbox: Sandbox, flow: Flow, datasetId: string, now: number): RunWindow {
  const startedAt = Math.floor(now / hour) * hour;
  const key = `${flow.id} ${startedAt}`;
  const known = sandbox.runs.get(key);
  if (known !== undefined) return known;
  const run: RunWindow = {
    id: uuid(),
    etag: etag(now),
    flowId: flow.id,
    datasetId,
    startedAt,
    updatedAt: now,
    inputRecords: 0,
    outputRecords: 0,
    rows: [],
    status: "success",
    failedRecords: 0,
    warningRecords: 0,
    inputBytes: 0,
    outputBytes: 0,
    errors: [],
    successBatchId: batchId(now),
    failedBatchId: batchId(now),
  };
  sandbox.runs.set(key, run);
  return run;
}

/** Counts a failed record under its error. */
export function countError(run: RunWindow, code: string, message: string): void {
  const known = run.errors.find((error) => error.code === code && error.message === message);
  if (known === undefined) run.errors.push({ code, message, recordCount: 1 });
  else known.recordCount += 1;
}

export function latestRun(sandbox: Sandbox, flowId: string): RunWindow | undefined {
  return Array.from(sandbox.runs.values())
    .filter((run) => run.flowId === flowId)
    .sort((left, right) => right.startedAt - left.startedAt)[0];
}

/** A run in which some records succeeded is a success with errors, as in the monitoring guide's sample. */
export function runStatus(run: RunWindow): "success" | "failed" {
  return run.outputRecords === 0 && run.failedRecords > 0 ? "failed" : "success";
}

function render(state: PlatformState, sandbox: Sandbox, run: RunWindow): JsonObject {
  const flow = sandbox.flows.get(run.flowId);
  return {
    id: run.id,
    createdAt: run.startedAt,
    updatedAt: run.updatedAt,
    ...originAttributes(state, sandbox),
    flowId: run.flowId,
    flowSpec: flow?.body.flowSpec,
    providerRefId: flow?.providerRefId,
    etag: run.etag,
    metrics: {
      durationSummary: { startedAtUTC: run.startedAt, completedAtUTC: run.updatedAt },
      sizeSummary: { inputBytes: run.inputBytes, outputBytes: run.outputBytes },
      recordSummary: {
        inputRecordCount: run.inputRecords,
        outputRecordCount: run.outputRecords,
        failedRecordCount: run.failedRecords,
        warningRecordCount: run.warningRecords,
        skippedRecordCount: 0,
      },
      statusSummary: statusSummary(run),
    },
    activities: [
      {
        id: "promotionActivity",
        updatedAtUTC: run.updatedAt,
        statusSummary: {
          ...statusSummary(run),
          extensions: run.errors.length > 0 ? { errors: recordErrors(run) } : {},
        },
      },
    ],
  };
}

/** A run and its activity only say that something failed; what, is in the activity's extensions ("Monitor dataflows using the Flow Service API"). */
function statusSummary(run: RunWindow): JsonObject {
  const error = { code: "CONNECTOR-2001-500", message: "Error occurred at promotion activity." };
  return { status: runStatus(run), errors: run.errors.length > 0 ? [error] : [] };
}

function recordErrors({ errors, failedRecords, outputRecords }: RunWindow): JsonObject[] {
  const message =
    `Encountered ${failedRecords} errors in the data. Successfully ingested ${outputRecords} rows. ` +
    "Review the associated diagnostic files for additional details.";
  return [{ code: "INGEST-1212-400", message }, ...errors.map((error) => ({ ...error }))];
}
