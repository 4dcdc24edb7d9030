import { Hono } from "hono";
import { z } from "zod";
import { setBatchState } from "./catalog/set-batch-state.ts";
import { faultRequest } from "./state/fault-table.ts";
import type { PlatformState } from "./state/state.ts";
import { answer, type PlatformEnvironment, readJson } from "./web/http.ts";
import { type JsonObject, objectOf, stringOf } from "./web/json.ts";
import { plainProblem } from "./web/problem.ts";

/**
 * Inspection and controls for tests and the demo that Platform's APIs do not offer. They need no credentials.
 *
 * | route | answer |
 * |---|---|
 * | `GET /__local/census[?sandbox=]` | how many objects live, by kind: `{"fieldGroups":1,"schemas":1,"descriptors":0,"datasets":1,"mappingSets":1,"connections":0,"sourceConnections":1,"targetConnections":1,"flows":1}` |
 * | `GET /__local/journal` | `{"receipts":[{"eventId","xactionId","inletId","flowId","time","fate":"pending"\|"delivered"\|"failed"\|"dropped","reason","warnings":[]}],"refusals":{"429":3}}`: each event that an inlet answered with 200 or 207, and how often it answered otherwise, by status |
 * | `GET /__local/rows?dataset=<id>` | `{"rows":[..]}`: all rows, not only the hundred of a preview |
 * | `GET /__local/tokens` | `{"count":1}`: how many access tokens were given |
 * | `GET /__local/faults` | `{"faults":[..]}`: the faults in force |
 * | `POST /__local/faults` | adds a fault: `{"target":"inlet"\|"gateway"\|"ims","path"?,"effect":{"kind":"status","status":503,"retryAfterSeconds"?}\|{"kind":"latency","milliseconds"}\|{"kind":"reset"}\|{"kind":"page","status":200,"contentType"?,"body"?},"afterwards"?:true,"calls":3 or "rate":0.2}`; answers all in force |
 * | `DELETE /__local/faults` | removes all faults: 204 |
 * | `POST /__local/switches` | changes switches (options.ts) from now on: `{"customerIoSource":"not-entitled"}`; answers all of them |
 * | `POST /__local/batches/<id>` | puts a batch with rows into a state of Catalog: `{"status":"stalled"}`; 204. Only in `success` and `active` are its rows in the dataset. An upload continues with `staging` |
 * | `POST /__local/idle` | `{"pending":0}`, once every event accepted so far has its final state |
 */
export function platformAdminRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/census", (context) => answer(200, census(state, context.req.query("sandbox"))));
  routes.get("/journal", () =>
    answer(200, {
      receipts: state.journal.receipts.map((receipt) => ({ ...receipt, warnings: [...receipt.warnings] })),
      refusals: { ...state.journal.refusals },
    }),
  );
  routes.get("/rows", (context) => {
    const id = context.req.query("dataset") ?? "";
    for (const sandbox of state.sandboxes.values()) {
      const dataset = sandbox.datasets.get(id);
      if (dataset !== undefined) return answer(200, { rows: dataset.rows });
    }
    throw plainProblem(404, `There is no dataset ${id}`);
  });
  routes.get("/tokens", () => answer(200, { count: state.tokensIssued }));
  routes.get("/faults", () => answer(200, faults(state)));
  routes.post("/faults", async (context) => {
    const request = faultRequest.safeParse(await readJson(context));
    if (!request.success) throw plainProblem(400, z.prettifyError(request.error));
    state.faults.add(request.data);
    return answer(200, faults(state));
  });
  routes.delete("/faults", () => {
    state.faults.clear();
    return answer(204);
  });
  routes.post("/switches", async (context) => {
    const changes = objectOf(await readJson(context));
    const unknown = Object.keys(changes).filter((name) => !(name in state.switches));
    if (unknown.length > 0) throw plainProblem(400, `There is no switch ${unknown.join(", ")}`);
    state.switches = { ...state.switches, ...changes };
    return answer(200, { ...state.switches });
  });
  routes.post("/batches/:id", async (context) => {
    setBatchState(state, context.req.param("id"), stringOf(objectOf(await readJson(context)).status) ?? "");
    return answer(204);
  });
  routes.post("/idle", async () => {
    await state.journal.idle();
    return answer(200, { pending: state.journal.pending });
  });
  return routes;
}

function faults(state: PlatformState): JsonObject {
  return { faults: state.faults.list().map(({ due: _due, ...fault }) => ({ ...fault, effect: { ...fault.effect } })) };
}

function census(state: PlatformState, only: string | undefined): JsonObject {
  const counts = {
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
  for (const sandbox of state.sandboxes.values()) {
    if ((only ?? sandbox.name) !== sandbox.name) continue;
    const own = Array.from(sandbox.resources.values()).filter((resource) => resource.container === "tenant");
    counts.fieldGroups += own.filter((resource) => resource.kind === "mixins").length;
    counts.schemas += own.filter((resource) => resource.kind === "schemas").length;
    counts.descriptors += sandbox.descriptors.size;
    counts.datasets += sandbox.datasets.size;
    counts.mappingSets += sandbox.mappingSets.size;
    counts.connections += sandbox.connections.connections.size;
    counts.sourceConnections += sandbox.connections.sourceConnections.size;
    counts.targetConnections += sandbox.connections.targetConnections.size;
    counts.flows += sandbox.flows.size;
  }
  return counts;
}
