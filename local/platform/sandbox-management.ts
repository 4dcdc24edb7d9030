import { Hono } from "hono";
import { answer, type PlatformEnvironment, pathParameter } from "./http.ts";
import type { JsonObject } from "./json.ts";
import { plainProblem } from "./problem.ts";
import type { PlatformState, Sandbox } from "./state.ts";

/** The sandboxes that the caller may use. */
export function sandboxManagementRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/", () => {
    const sandboxes =
      state.switches.role === "assigned"
        ? Array.from(state.sandboxes.values(), (sandbox) => render(state, sandbox))
        : [];
    return answer(200, {
      sandboxes,
      _page: { limit: 50, count: sandboxes.length },
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
    state: "active",
    type: sandbox.type,
    // Not VA7, the one data centre that offers synchronous validation, which the inlet here hasn't.
    region: "NLD2",
    isDefault: sandbox.name === "prod",
    etag: 1,
    createdDate: created,
    lastModifiedDate: created,
    createdBy: by,
    modifiedBy: by,
  };
}
