import { Hono } from "hono";
import { answer, type PlatformEnvironment, readJson } from "./http.ts";
import { type JsonObject, stringsOf } from "./json.ts";
import { plainProblem } from "./problem.ts";
import type { PlatformState } from "./state.ts";

/** What a role can grant of all that the package needs, by the names of Adobe's access control pages. */
const permissions: Readonly<Record<string, readonly string[]>> = {
  "manage-datasets": ["read", "write", "delete"],
  "manage-schemas": ["read", "write", "delete"],
  "manage-sources": ["read", "write", "delete"],
  "manage-identity-metadata": ["read", "write", "delete"],
  "view-datasets": ["read"],
  "view-schemas": ["read"],
  "view-sources": ["read"],
  "view-identity-namespaces": ["read"],
  "view-monitoring-dashboard": ["read"],
};

const resourceTypes: readonly string[] = [
  "datasets",
  "schemas",
  "sources",
  "identity-descriptor",
  "identity-namespaces",
];

/** Which permissions there are, and which of them the credential has. */
export function accessControlRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/acl/reference", () =>
    answer(200, {
      permissions: Object.fromEntries(
        Object.entries(permissions).map(([name, actions]) => [name, { [`/permissions/${name}`]: [...actions] }]),
      ),
      "resource-types": Object.fromEntries(resourceTypes.map((name) => [name, ["read", "write", "delete"]])),
    }),
  );
  routes.post("/acl/effective-policies", async (context) => {
    const body = await readJson(context);
    if (!Array.isArray(body)) throw plainProblem(400, "The request body must be an array of resource URLs");
    const policies: JsonObject = {};
    for (const url of stringsOf(body)) policies[url] = [...granted(state, url)];
    return answer(200, { policies });
  });
  return routes;
}

function granted(state: PlatformState, url: string): readonly string[] {
  if (state.switches.role === "missing") return [];
  const [, kind, name = ""] = url.split("/");
  if (kind === "permissions") return permissions[name] ?? [];
  return kind === "resource-types" && resourceTypes.includes(name) ? ["read", "write", "delete"] : [];
}
