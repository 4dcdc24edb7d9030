import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { injectFaults } from "../faults.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformEnvironment } from "../web/http.ts";
import { uuid } from "../web/identifiers.ts";
import { Problem } from "../web/problem.ts";

/** Lifetime of a token: just under a day, in seconds (the former JWT endpoint returned milliseconds). */
const lifetimeSeconds = 86_399;

/** The scopes of a Platform credential, from Adobe's Postman environment. */
const knownScopes = new Set([
  "openid",
  "session",
  "AdobeID",
  "read_organizations",
  "additional_info.projectedProductContext",
]);

/**
 * Adobe's identity service: OAuth server-to-server tokens
 * (Developer Console guide, "Server to Server authentication").
 */
export function imsRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.post("/ims/token/v3", injectFaults(state, "ims"), async (context) => {
    const isForm = context.req.header("content-type")?.startsWith("application/x-www-form-urlencoded") === true;
    const form = new URLSearchParams(isForm ? await context.req.text() : "");
    const parameter = (name: string) => form.get(name) ?? context.req.query(name);
    if (parameter("grant_type") !== "client_credentials") {
      throw refusal("unsupported_grant_type", "unsupported grant_type parameter");
    }
    if (parameter("client_id") !== state.options.credentials.clientId) {
      throw refusal("invalid_client", "invalid client_id parameter");
    }
    if (!secrets(state).includes(parameter("client_secret") ?? "")) {
      throw refusal("invalid_client", "invalid client_secret parameter");
    }
    const scopes = (parameter("scope") ?? "").split(/[\s,]+/).filter((scope) => scope !== "");
    if (scopes.length === 0 || scopes.some((scope) => !knownScopes.has(scope))) {
      throw refusal("invalid_scope", "invalid scope parameter");
    }
    const token = newToken(state, scopes);
    state.tokens.set(token, state.clock() + lifetimeSeconds * 1000);
    state.tokensIssued += 1;
    return answer(200, { access_token: token, token_type: "bearer", expires_in: lifetimeSeconds });
  });
  return routes;
}

/**
 * A JSON Web Token of about the length of a real one, with the claims that Adobe's own client reads (`getTokenData` of aio-lib-ims). Its
 * signature means nothing.
 */
function newToken(state: PlatformState, scopes: readonly string[]): string {
  const { clientId } = state.options.credentials;
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const header = { alg: "RS256", kid: "ims_na1-key-at-1", itt: "at" };
  const claims = {
    id: uuid(),
    type: "access_token",
    client_id: clientId,
    user_id: `${clientId}@techacct.adobe.com`,
    as: "ims-na1",
    scope: scopes.join(","),
    created_at: String(state.clock()),
    expires_in: String(lifetimeSeconds * 1000),
  };
  return [encode(header), encode(claims), randomBytes(256).toString("base64url")].join(".");
}

function secrets(state: PlatformState): readonly string[] {
  const { clientSecret } = state.options.credentials;
  return typeof clientSecret === "string" ? [clientSecret] : clientSecret;
}

function refusal(error: string, description: string): Problem {
  return new Problem(400, description, () => ({ error, error_description: description }));
}
