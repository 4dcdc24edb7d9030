import { Hono } from "hono";
import type { RunWindow, Sandbox } from "./state/model.ts";
import type { PlatformState } from "./state/state.ts";
import { answer, type PlatformEnvironment, readObject } from "./web/http.ts";
import { itemsOf, type Json, type JsonObject, objectOf, stringOf } from "./web/json.ts";
import { Problem } from "./web/problem.ts";

type Measure = (run: RunWindow) => number;

/** Metrics of streaming flows, and what each counts in an hour's run (Observability Insights, metrics page). */
const metrics: Readonly<Record<string, Measure>> = {
  "timeseries.ingestion.dataset.recordsuccess.count": (run) => run.outputRecords,
  "timeseries.ingestion.dataset.batchfailed.count": (run) => (run.failedRecords > 0 ? 1 : 0),
  "timeseries.data.collection.inlet.total.messages.received": (run) => run.inputRecords,
  "timeseries.data.collection.inlet.total.messages.size.received": (run) => run.inputBytes,
  "timeseries.data.collection.inlet.success": (run) => run.outputRecords,
  "timeseries.data.collection.inlet.failure": (run) => run.failedRecords,
};

const granularities: Readonly<Record<string, number>> = { HOUR: 3_600_000, DAY: 86_400_000 };

/** Observability Insights: `POST /metrics`, filtered by dataset or inlet, by the hour or the day. */
export function observabilityRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.post("/metrics", async (context) => {
    const request = await readObject(context);
    const start = time(request.start);
    const end = time(request.end);
    const granularity = stringOf(request.granularity) ?? "DAY";
    const step = granularities[granularity];
    if (step === undefined) throw invalid(`The granularity ${granularity} is not supported`);
    const runs = Array.from(context.get("sandbox").runs.values()).filter(
      (run) => run.updatedAt >= start && run.startedAt <= end,
    );
    return answer(200, {
      metricResponses: itemsOf(request.metrics).map((entry) => {
        const { name, filters } = objectOf(entry);
        const measure = metrics[stringOf(name) ?? ""];
        if (measure === undefined) throw invalid(`The metric ${String(name)} is not supported`);
        const wanted = itemsOf(filters).map(objectOf);
        const counted = runs.filter((run) => wanted.every((filter) => passes(context.get("sandbox"), run, filter)));
        return {
          metric: name,
          filters: wanted,
          datapoints: [{ groupBy: {}, dps: points(counted, measure, step) }],
          granularity,
        };
      }),
    });
  });
  return routes;

  function time(value: Json | undefined): number {
    const milliseconds = Date.parse(stringOf(value) ?? "");
    if (Number.isNaN(milliseconds)) throw invalid(`${String(value)} is not an ISO 8601 timestamp`);
    return milliseconds;
  }

  function passes(sandbox: Sandbox, run: RunWindow, { name, value }: JsonObject): boolean {
    const wanted = (stringOf(value) ?? "").split("|");
    if (name === "dataSetId") return wanted.includes(run.datasetId);
    if (name === "inletId") return wanted.includes(sandbox.flows.get(run.flowId)?.inletId ?? "");
    throw invalid(`The filter ${String(name)} is not supported`);
  }

  function invalid(detail: string): Problem {
    return new Problem(400, detail, () => ({
      type: "http://ns.adobe.com/aep/errors/INSGHT-1000-400",
      title: "Bad Request - Start date cannot be after end date.",
      status: 400,
      report: { tenantInfo: { imsOrgId: state.options.credentials.orgId } },
      "error-chain": [{ serviceId: "INSGHT", errorCode: "INSGHT-1000-400", invokingServiceId: "INSGHT", detail }],
    }));
  }
}

function points(runs: readonly RunWindow[], measure: Measure, step: number): JsonObject {
  const sums: Record<string, number> = {};
  for (const run of runs) {
    const at = new Date(Math.floor(run.startedAt / step) * step).toISOString().replace(".000Z", "Z");
    sums[at] = (sums[at] ?? 0) + measure(run);
  }
  return sums;
}
