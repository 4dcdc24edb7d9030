import type { MiddlewareHandler } from "hono";
import { flowProblem } from "../flow-service/problems.ts";
import type { PlatformState } from "../state/state.ts";
import type { PlatformEnvironment } from "../web/http.ts";
import { gatewayProblem, plainProblem } from "../web/problem.ts";

/** The only service without sandboxes of its own: it lists them. */
const unsandboxed = "/data/foundation/sandbox-management";

/**
 * The checks of `platform.adobe.io` before a service gets a call: the token, then the API key, then the organization
 * (Experience Platform's troubleshooting guide, "Request header errors").
 */
export function gateway(state: PlatformState): MiddlewareHandler<PlatformEnvironment> {
  return async (context, next) => {
    const authorization = context.req.header("authorization") ?? "";
    if (authorization === "") throw gatewayProblem("403010", "Oauth token is missing.");
    const expiry = state.tokens.get(authorization.replace(/^Bearer /, ""));
    if (!authorization.startsWith("Bearer ") || expiry === undefined || expiry <= state.clock()) {
      throw gatewayProblem("401013", "Oauth token is not valid");
    }
    const apiKey = context.req.header("x-api-key");
    if (apiKey === undefined) throw gatewayProblem("403000", "Api Key is required");
    if (apiKey !== state.options.credentials.clientId) throw gatewayProblem("403003", "Api Key is invalid");
    const orgId = context.req.header("x-gw-ims-org-id");
    if (orgId === undefined) throw gatewayProblem("400003", "Missing header");
    if (orgId !== state.options.credentials.orgId) throw gatewayProblem("403025", "Profile is not valid");
    await next();
  };
}

/** The checks of each sandboxed service before it does anything: the sandbox, and the body's content type. */
export function requireSandbox(state: PlatformState): MiddlewareHandler<PlatformEnvironment> {
  return async (context, next) => {
    // The files of a batch are bytes; that service itself checks their type.
    const isFile = context.req.path.startsWith("/data/foundation/import/") && context.req.method === "PUT";
    if (!isFile && hasBody(context.req.raw.headers) && !isJson(context.req.header("content-type"))) {
      throw plainProblem(400, "A valid content-type must be specified");
    }
    if (context.req.path.startsWith(unsandboxed)) return next();
    if (context.req.header("x-sandbox-id") !== undefined) {
      throw flowProblem(
        "2110-400",
        "Headers not allowed",
        "The header x-sandbox-id is not allowed with the user token. Please update the header and try again.",
      );
    }
    const name =
      context.req.header("x-sandbox-name") ?? (state.switches.missingSandboxHeader === "prod" ? "prod" : undefined);
    if (name === undefined) {
      throw flowProblem(
        "2105-400",
        "Header is missing",
        "The header x-sandbox-name is missing in the request. Please add the header in the request and try again.",
      );
    }
    const sandbox = state.sandboxes.get(name);
    if (sandbox === undefined) {
      throw flowProblem(
        "2100-404",
        "Sandbox not found",
        `The sandbox with the name '${name}' could not be found. Please ensure that the sandbox name is correct and try again.`,
      );
    }
    context.set("sandbox", sandbox);
    await next();
  };
}

function hasBody(headers: Headers): boolean {
  return Number(headers.get("content-length") ?? 0) > 0 || headers.has("transfer-encoding");
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/(json-patch\+)?json\s*(;|$)/i.test(contentType ?? "");
}
