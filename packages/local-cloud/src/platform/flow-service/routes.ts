import { Hono } from "hono";
import type { PlatformState } from "../state/state.ts";
import type { PlatformEnvironment } from "../web/http.ts";
import { connectionRoutes } from "./connections.ts";
import { flowRoutes } from "./flows.ts";
import { runRoutes } from "./runs.ts";
import { specRoutes } from "./specs.ts";

/** Flow Service. */
export function flowServiceRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.route("/", specRoutes(state));
  routes.route("/", connectionRoutes(state));
  routes.route("/flows", flowRoutes(state));
  routes.route("/runs", runRoutes(state));
  return routes;
}
