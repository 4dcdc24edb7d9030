import { Hono } from "hono";
import { answer, type PlatformEnvironment } from "./web/http.ts";

/** Standard identity namespaces that a descriptor can name (Identity Service's namespace overview). */
export const identityNamespaces = [
  { id: 4, code: "ECID", name: "ECID", idType: "COOKIE" },
  { id: 6, code: "Email", name: "Email", idType: "Email" },
  { id: 7, code: "Phone", name: "Phone", idType: "Phone" },
  { id: 11, code: "Email_LC_SHA256", name: "Emails (SHA256, lowercased)", idType: "Email" },
  { id: 12, code: "Phone_SHA256", name: "Phone (SHA256)", idType: "Phone" },
] as const;

/** The identity namespaces of the organization; only standard ones here. */
export function identityNamespaceRoutes(): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/identities", (context) => {
    const created = context.get("sandbox").created;
    const listed = identityNamespaces.map((namespace) => ({
      ...namespace,
      description: namespace.name,
      status: "ACTIVE",
      custom: false,
      createTime: created,
      updateTime: created,
    }));
    return answer(200, listed);
  });
  return routes;
}
