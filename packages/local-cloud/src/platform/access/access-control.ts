import { Hono } from "hono";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformEnvironment, readJson } from "../web/http.ts";
import { type JsonObject, stringsOf } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { accessControlTypes, actionsOn, isGranted, permissions } from "./permissions.ts";

/** Lists the existing permissions, and those that the credential has (Adobe's access control endpoint guide). */
export function accessControlRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.use(async (_context, next) => {
    if (state.switches.accessControl === "refused") throw plainProblem(403, "Access to this API is not permitted");
    await next();
  });
  routes.get("/acl/reference", () =>
    answer(200, {
      permissions: Object.fromEntries(
        Object.entries(permissions).map(([name, types]) => [
          name,
          Object.fromEntries(Object.entries(types).map(([type, actions]) => [type, [...actions]])),
        ]),
      ),
      "resource-types": Object.fromEntries(accessControlTypes.map((name) => [name, ["read", "write", "delete"]])),
    }),
  );
  routes.post("/acl/effective-policies", async (context) => {
    const body = await readJson(context);
    if (!Array.isArray(body)) throw plainProblem(400, "The request body must be an array of resource URLs");
    const policies: JsonObject = {};
    for (const url of stringsOf(body)) {
      const granted = effective(state, url);
      // Permissions that are not in effect are left out.
      if (granted.length > 0) policies[url] = granted;
    }
    return answer(200, { policies });
  });
  return routes;
}

/** For an effective permission, an asterisk; for a resource type, its actions. */
function effective(state: PlatformState, url: string): string[] {
  const [, kind, name = ""] = url.split("/");
  if (kind === "permissions") return isGranted(state, name) ? ["*"] : [];
  return kind === "resource-types" ? actionsOn(state, name) : [];
}
