import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { listen } from "../../listen.ts";
import type { Principal } from "../arm/subscription.ts";
import { issueToken } from "./access-token.ts";

/** The identities that a secret header gives access to. */
interface IdentityHolder {
  /** The default identity: a system-assigned one, or a developer's own login. */
  readonly own: () => Principal | undefined;
  /** User-assigned identities that the caller may name by `client_id` or `mi_res_id`. */
  readonly userAssigned: () => readonly (Principal & { resourceId: string })[];
}

export interface IdentityEndpoint {
  /** Value of `IDENTITY_ENDPOINT`. */
  readonly url: string;
  /** Registers a holder; returns the value of `IDENTITY_HEADER`. */
  register(holder: IdentityHolder): string;
  close(): Promise<void>;
}

/** Known audiences. For any other, Microsoft Entra ID answers `invalid_resource`. */
const knownAudiences = [
  /^https:\/\/storage\.azure\.com$/,
  /^https:\/\/[a-z0-9]+\.(blob|queue|table)\.core\.windows\.net$/,
  /^https:\/\/management\.azure\.com$/,
  /^https:\/\/management\.core\.windows\.net$/,
  /^https:\/\/vault\.azure\.net$/,
  /^https:\/\/monitor\.azure\.com$/,
];

/**
 * App Service's identity endpoint, protocol 2019-08-01 (Microsoft Learn, "Use managed identities for App Service",
 * REST endpoint reference). `DefaultAzureCredential` finds it by `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
 */
export async function startIdentityEndpoint(options: {
  tokenSecret: string;
  tenantId: string;
}): Promise<IdentityEndpoint> {
  const holders = new Map<string, IdentityHolder>();
  const app = new Hono().get("/msi/token", (context) => {
    const holder = holders.get(context.req.header("x-identity-header") ?? "");
    if (holder === undefined) return context.json({ statusCode: 401, message: "Unauthorized" }, 401);
    if (context.req.query("api-version") !== "2019-08-01") {
      return context.json({ statusCode: 400, message: "The parameter api-version has an invalid value." }, 400);
    }
    const audience = context.req.query("resource")?.replace(/\/$/, "") ?? "";
    if (!knownAudiences.some((pattern) => pattern.test(audience))) {
      const message = `AADSTS500011: The resource principal named ${audience} was not found in the tenant.`;
      return context.json({ statusCode: 400, message }, 400);
    }
    const principal = select(holder, context.req.query());
    if (principal === undefined) {
      const message =
        "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
      return context.json({ statusCode: 400, message }, 400);
    }
    const { token, expiresOn } = issueToken(options.tokenSecret, {
      ...principal,
      audience,
      tenantId: options.tenantId,
    });
    return context.json({
      access_token: token,
      client_id: principal.clientId,
      expires_on: String(expiresOn),
      resource: context.req.query("resource"),
      token_type: "Bearer",
    });
  });
  const server = await listen(app.fetch);
  return {
    url: `http://127.0.0.1:${server.port}/msi/token`,
    register: (holder) => {
      const header = randomBytes(16).toString("hex").toUpperCase();
      holders.set(header, holder);
      return header;
    },
    close: () => server.close(),
  };
}

function select(holder: IdentityHolder, query: Record<string, string>): Principal | undefined {
  const { client_id: clientId, mi_res_id: resourceId, object_id: objectId } = query;
  const same = (left: string, right: string) => left.toLowerCase() === right.toLowerCase();
  if (clientId !== undefined) return holder.userAssigned().find((identity) => same(identity.clientId, clientId));
  if (resourceId !== undefined) return holder.userAssigned().find((identity) => same(identity.resourceId, resourceId));
  if (objectId !== undefined) return holder.userAssigned().find((identity) => same(identity.objectId, objectId));
  return holder.own();
}
