import { Hono } from "hono";
import type { Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, numberParameter, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import type { JsonObject } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";

/** An organization may have 75 sandboxes. We assume that a page holds fewer. */
const largestPage = 50;

/** The sandboxes that the caller may use. */
export function sandboxManagementRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/", (context) => {
    const limit = Math.min(numberParameter(context, "limit", 1) ?? largestPage, largestPage);
    const offset = numberParameter(context, "offset") ?? 0;
    const all = state.switches.role === "assigned" ? [...state.sandboxes.values()] : [];
    const sandboxes = all.slice(offset, offset + limit).map((sandbox) => render(state, sandbox));
    return answer(200, {
      sandboxes,
      _page: { limit, count: sandboxes.length },
      _links: { page: { href: `${state.url}/data/foundation/sandbox-management/?limit={limit}&offset={offset}` } },
    });
  });
  routes.get("/sandboxes/:name", (context) => {
    const sandbox = state.sandboxes.get(pathParameter(context, "name"));
    if (sandbox === undefined) throw plainProblem(404, `Sandbox ${pathParameter(context, "name")} not found`);
    return answer(200, render(state, sandbox));
  });
  return routes;
}

function render(state: PlatformState, sandbox: Sandbox): JsonObject {
  const created = new Date(sandbox.created).toISOString();
  const by = state.options.credentials.clientId;
  return {
    name: sandbox.name,
    title: sandbox.name,
    state: state.switches.sandboxState,
    type: sandbox.type,
    // Not VA7, the only data center with synchronous validation, which the inlet here lacks.
    region: "NLD2",
    isDefault: sandbox.name === "prod",
    etag: 1,
    createdDate: created,
    lastModifiedDate: created,
    createdBy: by,
    modifiedBy: by,
  };
}
