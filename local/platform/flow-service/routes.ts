import { Hono } from "hono";
import type { PlatformEnvironment } from "../http.ts";
import type { PlatformState } from "../state.ts";
import { connectionRoutes } from "./connections.ts";
import { flowRoutes } from "./flows.ts";
import { flowProblem } from "./problems.ts";
import { runRoutes } from "./runs.ts";
import { specRoutes } from "./specs.ts";

/** Flow Service. A credential that was not added to a role is refused here (FLOW-2120-403). */
export function flowServiceRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.use(async (_context, next) => {
    if (state.switches.role === "missing") {
      throw flowProblem(
        "2120-403",
        "Forbidden",
        "You do not have sufficient permissions to perform the operation. Please contact your administrator to resolve permissions and try again.",
      );
    }
    await next();
  });
  routes.route("/", specRoutes(state));
  routes.route("/", connectionRoutes(state));
  routes.route("/flows", flowRoutes(state));
  routes.route("/runs", runRoutes(state));
  return routes;
}
