import { Hono } from "hono";
import type { Flow, Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformContext, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import { etag, hex, uuid } from "../web/identifiers.ts";
import { type Json, type JsonObject, objectOf, stringOf, stringsOf } from "../web/json.ts";
import { applyChanges, requireBody, requireMatch } from "./changes.ts";
import { entityAttributes } from "./entity.ts";
import { checkFlow } from "./flow-rules.ts";
import { settle, startEnabling, touch, warmUpAgain } from "./lifecycle.ts";
import { listEntities } from "./list-query.ts";
import { invalidRequest, notFound } from "./problems.ts";
import { latestRun, runStatus } from "./runs.ts";

const callerAttributes = [
  "name",
  "description",
  "flowSpec",
  "sourceConnectionIds",
  "targetConnectionIds",
  "transformations",
  "options",
];

/** What a PATCH may change; for anything else the flow must be recreated (update-dataflows tutorial). */
const changeable =
  /^\/(name|description|transformations(\/.*)?|options\/(errorDiagnosticsEnabled|partialIngestionPercent))$/;

/** Flow Service: dataflows. */
export function flowRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();

  routes.post("/", async (context) => {
    const sandbox = context.get("sandbox");
    const request = objectOf(await requireBody(context));
    if (request.state !== undefined) {
      throw invalidRequest("1410-400", "`State` is not allowed in the create flow request.");
    }
    const body: JsonObject = {};
    for (const name of callerAttributes) if (request[name] !== undefined) body[name] = request[name];
    checkFlow(sandbox, body);
    const flow = newFlow(state, body, baseInlet(sandbox, body));
    startEnabling(state, flow);
    sandbox.flows.set(flow.id, flow);
    return answer(201, { id: flow.id, etag: flow.etag }, { Location: `/flows/${flow.id}`, ETag: flow.etag });
  });

  routes.get("/", (context) => {
    const sandbox = context.get("sandbox");
    const all = Array.from(sandbox.flows.values(), (flow) => render(state, sandbox, settle(state, flow)));
    return answer(200, listEntities(context, "flows", all));
  });

  routes.get("/:id", (context) => {
    const sandbox = context.get("sandbox");
    return answer(200, { items: [render(state, sandbox, find(state, context))] });
  });

  routes.patch("/:id", async (context) => {
    const flow = find(state, context);
    requireMatch(context, flow.etag);
    const request = await requireBody(context);
    refuseTransitional(state, flow, "1420-400", `The current state ${flow.state} cannot be updated.`);
    const changed = applyChanges(flow.body, request, (path) => changeable.test(path));
    checkFlow(context.get("sandbox"), changed);
    const mappingChanged = !sameJson(changed.transformations, flow.body.transformations);
    flow.body = changed;
    if (mappingChanged) warmUpAgain(state, flow);
    touch(state, flow, "update");
    return answer(200, { id: flow.id, etag: flow.etag });
  });

  routes.post("/:id/action", (context) => {
    const flow = find(state, context);
    if (context.req.header("if-match") !== undefined) requireMatch(context, flow.etag);
    const operation = (context.req.query("op") ?? "").toLowerCase();
    refuseTransitional(state, flow, "1421-400", `The current state ${flow.state} cannot be transitioned.`);
    if (operation === "enable" && flow.state !== "enabled") startEnabling(state, flow);
    else if (operation === "disable" && flow.state !== "disabled") flow.state = "disabled";
    else {
      throw invalidRequest(
        "1422-400",
        `The action ${operation} cannot be applied on the current state ${flow.state}. Please update the action and try again.`,
      );
    }
    touch(state, flow, operation);
    return answer(200, { id: flow.id, etag: flow.etag });
  });

  routes.delete("/:id", (context) => {
    const flow = find(state, context);
    refuseTransitional(state, flow, "1458-400", `Operation delete cannot be applied in state ${flow.state}.`);
    if (state.switches.flowDeletion === "finalizes") {
      flow.state = "delete-finalizing";
      flow.goneAt = state.clock() + state.activationMilliseconds;
      touch(state, flow, "delete");
    } else {
      context.get("sandbox").flows.delete(flow.id);
    }
    return answer(204);
  });

  return routes;
}

/** The inlet of the base connection, where the flow's source has one; other flows get inlets of their own. */
function baseInlet(sandbox: Sandbox, body: JsonObject): string | undefined {
  const [sourceId = ""] = stringsOf(body.sourceConnectionIds);
  const baseId = stringOf(sandbox.connections.sourceConnections.get(sourceId)?.body.baseConnectionId);
  return sandbox.connections.connections.get(baseId ?? "")?.inletId;
}

function newFlow(state: PlatformState, body: JsonObject, inletId: string | undefined): Flow {
  const now = state.clock();
  return {
    id: uuid(),
    body,
    etag: etag(now),
    createdAt: now,
    updatedAt: now,
    providerRefId: uuid(),
    state: "enabling",
    enabledAt: now,
    warmAt: now,
    inletId: inletId ?? hex(64),
    isInletShared: inletId !== undefined,
    inletShown: false,
    lastOperation: "create",
  };
}

function find(state: PlatformState, context: PlatformContext): Flow {
  const id = pathParameter(context, "id");
  const flow = context.get("sandbox").flows.get(id);
  if (flow === undefined) throw notFound(state, "flows", id);
  return settle(state, flow);
}

function refuseTransitional(state: PlatformState, flow: Flow, code: string, message: string): void {
  const isChanging = flow.state === "enabling" || flow.state === "delete-finalizing";
  if (isChanging && state.switches.transitionalStates === "refused") {
    throw invalidRequest(code, message);
  }
}

function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function render(state: PlatformState, sandbox: Sandbox, flow: Flow): JsonObject {
  // The service sets the inlet's URL, although it is in the same option spec as the caller's options.
  const { inletUrl: _given, ...options } = objectOf(flow.body.options);
  if (flow.inletShown && !flow.isInletShared) options.inletUrl = `${state.url}/collection/${flow.inletId}`;
  const specs = (kind: "sourceConnections" | "targetConnections", ids: Json | undefined) =>
    stringsOf(ids).map((id) => ({ id, connectionSpec: sandbox.connections[kind].get(id)?.body.connectionSpec }));
  const run = latestRun(sandbox, flow.id);
  return {
    ...entityAttributes(state, sandbox, flow),
    ...flow.body,
    state: flow.state,
    options,
    inheritedAttributes: {
      properties: { isSourceFlow: true },
      sourceConnections: specs("sourceConnections", flow.body.sourceConnectionIds),
      targetConnections: specs("targetConnections", flow.body.targetConnectionIds),
    },
    runs: `/runs?property=flowId==${flow.id}`,
    lastOperation: { started: 0, updated: 0, operation: flow.lastOperation },
    lastRunDetails: run && {
      id: run.id,
      state: runStatus(run),
      startedAtUTC: run.startedAt,
      completedAtUTC: run.updatedAt,
    },
  };
}
