import { parseRoleCondition } from "./role-conditions.ts";
import { findRole, isDataAction, roleAllows } from "./role-definitions.ts";

/** The parts of a role assignment that the data plane needs. */
export interface Grant {
  readonly principalId: string;
  readonly roleDefinitionId: string;
  /** Resource id at which the role is assigned; it covers everything below. */
  readonly scope: string;
  /** Epoch milliseconds from which it has taken effect. */
  readonly activeFrom: number;
  /** Restricts the role; see `parseRoleCondition`. */
  readonly condition?: string;
}

export type StorageService = "blob" | "queue" | "table";

/** What a call to the storage data plane needs: one of these actions on this resource below the account. */
export interface RequiredAccess {
  readonly actions: readonly string[];
  /** Path below the account's resource id, such as `/queueServices/default/queues/events`; empty for the account. */
  readonly resource: string;
  /** The suboperation's name in role assignment conditions. */
  readonly suboperation?: string;
}

/** Whether a principal's roles allow one of the actions on a resource. */
export function isAllowed(
  grants: readonly Grant[],
  principalId: string,
  access: { actions: readonly string[]; resourceId: string; suboperation?: string | undefined },
): boolean {
  const resource = attributesOf(access.resourceId);
  return grants
    .filter((grant) => grant.principalId === principalId && grant.activeFrom <= Date.now())
    .filter((grant) => covers(grant.scope, access.resourceId))
    .some((grant) => {
      const role = findRole(grant.roleDefinitionId);
      if (role === undefined) return false;
      const condition = grant.condition === undefined ? () => true : parseRoleCondition(grant.condition);
      const { suboperation } = access;
      // Conditions apply only to actions on data ("What are Azure role assignment conditions?").
      return access.actions.some(
        (action) =>
          roleAllows(role, action) && (!isDataAction(action) || condition({ action, suboperation, resource })),
      );
    });
}

/** The attributes of a storage resource that conditions can test. */
function attributesOf(resourceId: string): Record<string, string> {
  const [, container] = resourceId.match(/\/blobServices\/default\/containers\/([^/]+)/i) ?? [];
  return container === undefined ? {} : { "Microsoft.Storage/storageAccounts/blobServices/containers:name": container };
}

/** Whether a scope is the resource itself or above it. */
export function covers(scope: string, resourceId: string): boolean {
  const [above, below] = [scope.toLowerCase().replace(/\/$/, ""), resourceId.toLowerCase()];
  return below === above || below.startsWith(`${above}/`);
}

/**
 * The access that a request needs, from the REST references' tables "Permissions for … data operations" (Microsoft Learn, "Authorize
 * with Microsoft Entra ID"). `path` excludes the account's segment.
 */
export function requiredAccess(
  service: StorageService,
  request: { method: string; path: string; query: URLSearchParams },
  options: { messageUpdateNeeds: "write" | "write-or-process" },
): RequiredAccess {
  const segments = request.path.split("/").filter((segment) => segment !== "");
  if (service === "table") {
    const action = request.method === "GET" ? "read" : "any";
    return { actions: [`Microsoft.Storage/storageAccounts/tableServices/tables/entities/${action}`], resource: "" };
  }
  return service === "queue"
    ? queueAccess(request.method, segments, request.query, options.messageUpdateNeeds)
    : blobAccess(request.method, segments, request.query);
}

function queueAccess(
  method: string,
  [queue, kind, id]: string[],
  query: URLSearchParams,
  messageUpdateNeeds: "write" | "write-or-process",
): RequiredAccess {
  const services = "Microsoft.Storage/storageAccounts/queueServices";
  if (queue === undefined) {
    return { actions: [query.get("comp") === "list" ? `${services}/queues/read` : `${services}/read`], resource: "" };
  }
  const messages = (...actions: string[]) => actions.map((action) => `${services}/queues/messages/${action}`);
  const on = (actions: string[]) => ({ actions, resource: `/queueServices/default/queues/${queue}` });
  if (kind !== "messages") {
    if (query.get("comp") === "acl") return on([`${services}/queues/acl/action`]);
    return on([`${services}/queues/${method === "PUT" ? "write" : method === "DELETE" ? "delete" : "read"}`]);
  }
  switch (method) {
    case "POST":
      return on(messages("add/action", "write"));
    case "PUT":
      return on(messageUpdateNeeds === "write" ? messages("write") : messages("write", "process/action"));
    case "DELETE":
      return on(id === undefined ? messages("delete") : messages("process/action", "delete"));
    default:
      return on(query.get("peekonly") === "true" ? messages("read") : messages("process/action"));
  }
}

function blobAccess(method: string, [container, ...blob]: string[], query: URLSearchParams): RequiredAccess {
  const services = "Microsoft.Storage/storageAccounts/blobServices";
  const containers = `${services}/containers`;
  const comp = query.get("comp");
  if (container === undefined) {
    if (comp === "userdelegationkey") {
      return { actions: [`${services}/generateUserDelegationKey/action`], resource: "" };
    }
    return { actions: [comp === "list" ? `${containers}/read` : `${services}/read`], resource: "" };
  }
  const on = (...actions: string[]) => ({ actions, resource: `/blobServices/default/containers/${container}` });
  if (blob.length === 0) {
    if (comp === "list" || comp === "blobs") return { ...on(`${containers}/blobs/read`), suboperation: "Blob.List" };
    return on(`${containers}/${method === "PUT" ? "write" : method === "DELETE" ? "delete" : "read"}`);
  }
  if (comp === "tags") return on(`${containers}/blobs/tags/${method === "PUT" ? "write" : "read"}`);
  if (method === "DELETE") return on(`${containers}/blobs/delete`);
  return method === "PUT"
    ? on(`${containers}/blobs/write`, `${containers}/blobs/add/action`)
    : on(`${containers}/blobs/read`);
}
