import { Hono } from "hono";
import type { RunWindow, Sandbox } from "./state/model.ts";
import type { PlatformState } from "./state/state.ts";
import { answer, type PlatformEnvironment, readObject } from "./web/http.ts";
import { itemsOf, type Json, type JsonObject, objectOf, stringOf } from "./web/json.ts";
import { Problem } from "./web/problem.ts";

type Measure = (run: RunWindow) => number;

/** What one metric counted, at one time. */
interface Sample {
  readonly startedAt: number;
  readonly updatedAt: number;
  /** Undefined: of an inlet alone. */
  readonly datasetId?: string;
  readonly inletId: string | undefined;
  readonly count: number;
}

const messagesReceived = "timeseries.data.collection.inlet.total.messages.received";

/** Metrics of streaming flows, and what each counts in an hour's run (Observability Insights, metrics page). */
const metrics: Readonly<Record<string, Measure>> = {
  "timeseries.ingestion.dataset.recordsuccess.count": (run) => run.outputRecords,
  "timeseries.ingestion.dataset.batchfailed.count": (run) => (run.failedRecords > 0 ? 1 : 0),
  [messagesReceived]: (run) => run.inputRecords,
  "timeseries.data.collection.inlet.total.messages.size.received": (run) => run.inputBytes,
  "timeseries.data.collection.inlet.success": (run) => run.outputRecords,
  "timeseries.data.collection.inlet.failure": (run) => run.failedRecords,
};

const granularities: Readonly<Record<string, number>> = { HOUR: 3_600_000, DAY: 86_400_000 };

/** The functions of OpenTSDB, to which the metrics page refers, for `aggregator` and `downsample`. */
const aggregators = new Set(["avg", "count", "dev", "max", "min", "sum", "zimsum", "mimmax", "mimmin"]);

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
    if (start > end) throw invalid("Start date cannot be after end date");
    const sandbox = context.get("sandbox");
    return answer(200, {
      metricResponses: itemsOf(request.metrics).map((entry) => {
        const { name, filters, aggregator, downsample } = objectOf(entry);
        // "When using this field [granularity], a corresponding `downsample` property must also be provided."
        for (const given of [aggregator, ...(request.granularity === undefined ? [] : [downsample])]) {
          if (!aggregators.has(String(given))) throw invalid(`The aggregator ${String(given)} is not known`);
        }
        const wanted = itemsOf(filters).map(objectOf);
        const counted = samplesOf(sandbox, stringOf(name) ?? "").filter(
          (sample) =>
            sample.updatedAt >= start && sample.startedAt <= end && wanted.every((filter) => passes(sample, filter)),
        );
        return {
          metric: name,
          filters: wanted,
          datapoints: [{ groupBy: {}, dps: points(counted, step) }],
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

  function samplesOf({ flows, runs }: Sandbox, name: string): Sample[] {
    const measure = metrics[name];
    if (measure === undefined) throw invalid(`The metric ${name} is not supported`);
    if (name === messagesReceived && state.switches.inletMetrics === "at-once") {
      const inlets = new Set(Array.from(flows.values(), ({ inletId }) => inletId));
      return state.journal.receipts
        .filter(({ inletId }) => inlets.has(inletId))
        .map(({ inletId, time: at }) => ({ startedAt: time(at), updatedAt: time(at), inletId, count: 1 }));
    }
    return Array.from(runs.values(), (run) => {
      const { startedAt, updatedAt, datasetId, flowId } = run;
      return { startedAt, updatedAt, datasetId, inletId: flows.get(flowId)?.inletId, count: measure(run) };
    });
  }

  function passes({ datasetId, inletId }: Sample, { name, value }: JsonObject): boolean {
    const wanted = (stringOf(value) ?? "").split("|");
    if (name === "dataSetId") return datasetId !== undefined && wanted.includes(datasetId);
    if (name === "inletId") return inletId !== undefined && wanted.includes(inletId);
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

function points(samples: readonly Sample[], step: number): JsonObject {
  const sums: Record<string, number> = {};
  for (const { startedAt, count } of samples) {
    const at = new Date(Math.floor(startedAt / step) * step).toISOString().replace(".000Z", "Z");
    sums[at] = (sums[at] ?? 0) + count;
  }
  return sums;
}
