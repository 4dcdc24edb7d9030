import type { MiddlewareHandler } from "hono";
import { flowProblem } from "../flow-service/problems.ts";
import type { PlatformState } from "../state/state.ts";
import type { PlatformEnvironment } from "../web/http.ts";
import { type Problem, plainProblem } from "../web/problem.ts";

type Action = "read" | "write" | "delete";
const all: readonly Action[] = ["read", "write", "delete"];

/**
 * The permissions that the package may need, each with the resource types that it gives access to. The names
 * come from Adobe's "Effective policies" page, the form from its `/acl/reference`.
 */
export const permissions: Readonly<Record<string, Readonly<Record<string, readonly Action[]>>>> = {
  "manage-datasets": { connection: all, datasets: all, schemas: ["read"] },
  "manage-identity-namespaces": { "identity-namespaces": all },
  "manage-profiles": { "profile-datasets": all, profiles: ["read"] },
  "manage-queries": { queries: all },
  "manage-schema-identities": { "identity-descriptor": all },
  "manage-schemas": { schemas: all },
  "manage-sources": { "streaming-source": all },
  "view-datasets": { datasets: ["read"], schemas: ["read"] },
  "view-identity-namespaces": { "identity-namespaces": ["read"] },
  "view-monitoring-dashboard": { monitoring: ["read"] },
  "view-schemas": { schemas: ["read"], "identity-descriptor": ["read"] },
  "view-sources": { "streaming-source": ["read"] },
};

/** Every resource type that a permission gives access to. */
export const accessControlTypes: readonly string[] = [
  ...new Set(Object.values(permissions).flatMap(Object.keys)),
].sort();

/** Whether the credential's role grants a permission. */
export function isGranted(state: PlatformState, permission: string): boolean {
  if (state.switches.role === "missing" || !(permission in permissions)) return false;
  return !state.switches.permissionsLacking.split(",").includes(permission);
}

/** The actions that all permissions of the credential together allow on a resource type. */
export function actionsOn(state: PlatformState, resourceType: string): Action[] {
  const granted = Object.entries(permissions).filter(([name]) => isGranted(state, name));
  return all.filter((action) => granted.some(([, types]) => types[resourceType]?.includes(action)));
}

const words =
  "You do not have sufficient permissions to perform the operation. Please contact your administrator to resolve " +
  "permissions and try again.";

/** Flow Service has its own code; the other services' bodies are not published. */
function refusal(resourceType: string): Problem {
  return resourceType === "streaming-source" ? flowProblem("2120-403", "Forbidden", words) : plainProblem(403, words);
}

/** Refuses what the role does not grant: reading needs `read`, deleting `delete`, anything else `write`. */
export function requirePermission(
  state: PlatformState,
  resourceTypeOf: (path: string, method: string) => string,
): MiddlewareHandler<PlatformEnvironment> {
  return async (context, next) => {
    const { method, path } = context.req;
    const resourceType = resourceTypeOf(path, method);
    const action = method === "GET" ? "read" : method === "DELETE" ? "delete" : "write";
    if (!actionsOn(state, resourceType).includes(action)) throw refusal(resourceType);
    await next();
  };
}
