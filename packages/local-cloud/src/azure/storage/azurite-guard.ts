/**
 * Loaded into each Azurite process (`node --import`). Azurite checks neither whose token it gets nor what that principal may do,
 * and always accepts an account key. This module refuses what Azure would refuse, before Azurite gets the request.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import { bearerToken, readToken } from "../identity/access-token.ts";
import { type Grant, isAllowed, requiredAccess, type StorageService } from "../identity/data-plane-authorization.ts";

/** What an account allows. The local cloud sends it at the start and after each change; the process acknowledges its `version`. */
export interface AccessRules {
  readonly version: number;
  readonly ports: Readonly<Record<StorageService, number>>;
  /** Signs the local cloud's tokens. */
  readonly tokenSecret: string;
  /** The principal of the stand-in for Azure's own services; it may do everything. */
  readonly serviceObjectId: string;
  readonly accountId: string;
  readonly allowSharedKeyAccess: boolean;
  readonly grants: readonly Grant[];
  readonly messageUpdateNeeds: "write" | "write-or-process";
  /**
   * For an account that refuses calls from the internet: who reaches it through a private endpoint, by service. Absent:
   * it accepts all calls.
   */
  readonly insiders?: Readonly<Record<StorageService, readonly string[]>> | undefined;
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const notAuthenticated: Refusal = {
  status: 401,
  code: "InvalidAuthenticationInfo",
  message: "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
};
const keysNotPermitted: Refusal = {
  status: 403,
  code: "KeyBasedAuthenticationNotPermitted",
  message: "Key based authentication is not permitted on this storage account.",
};
const permissionMismatch: Refusal = {
  status: 403,
  code: "AuthorizationPermissionMismatch",
  message: "This request is not authorized to perform this operation using this permission.",
};
const networkRefused: Refusal = {
  status: 403,
  code: "AuthorizationFailure",
  message: "This request is not authorized to perform this operation.",
};
const starting: Refusal = {
  status: 503,
  code: "ServerBusy",
  message: "The server is currently unable to receive requests.",
};

let rules: AccessRules | undefined;
process.on("message", (message: AccessRules) => {
  rules = message;
  process.send?.({ applied: message.version });
});

const emit = https.Server.prototype.emit;
https.Server.prototype.emit = function (this: https.Server, event: string, ...values: unknown[]): boolean {
  if (event === "request") {
    const [request, response] = values as [IncomingMessage, ServerResponse];
    const refusal = refusalOf(request, this);
    if (refusal) {
      answer(response, request, refusal);
      return true;
    }
  }
  return Reflect.apply(emit, this, [event, ...values]);
};

function refusalOf(request: IncomingMessage, server: https.Server): Refusal | undefined {
  if (rules === undefined) return starting;
  const authorization = request.headers.authorization;
  const url = new URL(request.url ?? "/", "https://127.0.0.1");
  if (authorization === undefined || !/^bearer /i.test(authorization)) {
    // A signature made with a user delegation key represents a principal, not an account key.
    const isSigned = url.searchParams.has("sig") && !url.searchParams.has("skoid");
    if (rules.insiders) return networkRefused;
    const usesKey = authorization !== undefined || isSigned;
    return usesKey && !rules.allowSharedKeyAccess ? keysNotPermitted : undefined;
  }
  const claims = readToken(rules.tokenSecret, bearerToken(authorization) ?? "");
  if (claims === undefined) return notAuthenticated;
  if (claims.oid === rules.serviceObjectId) return undefined;
  if (rules.insiders && !rules.insiders[serviceOf(server, rules)].includes(claims.oid)) return networkRefused;
  const access = requiredAccess(
    serviceOf(server, rules),
    {
      method: request.method ?? "GET",
      path: url.pathname.split("/").slice(2).join("/"),
      query: url.searchParams,
    },
    rules,
  );
  const { actions, suboperation } = access;
  const target = { actions, suboperation, resourceId: rules.accountId + access.resource };
  return isAllowed(rules.grants, claims.oid, target) ? undefined : permissionMismatch;
}

function serviceOf(server: https.Server, { ports }: AccessRules): StorageService {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return port === ports.blob ? "blob" : port === ports.queue ? "queue" : "table";
}

function answer(response: ServerResponse, request: IncomingMessage, { status, code, message }: Refusal): void {
  request.resume();
  response.writeHead(status, {
    "content-type": "application/xml",
    "x-ms-error-code": code,
    "x-ms-request-id": crypto.randomUUID(),
    ...(status === 401 && {
      "www-authenticate":
        "Bearer authorization_uri=https://login.microsoftonline.com resource_id=https://storage.azure.com",
    }),
  });
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  response.end(request.method === "HEAD" ? undefined : body);
}
