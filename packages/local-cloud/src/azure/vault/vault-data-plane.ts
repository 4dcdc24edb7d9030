import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { StoredSecret, Subscription } from "../arm/subscription.ts";
import { bearerToken, readToken } from "../identity/access-token.ts";
import { refusesInternet } from "../network/private-access.ts";
import { pageOf } from "../queries/pages.ts";
import type { AzureSwitches } from "../switches.ts";

/** Path, on the address of Azure Resource Manager, under which the vaults answer by name. */
export const vaultsPath = "/vaults";

const secrets = "Microsoft.KeyVault/vaults/secrets";

interface VaultParts {
  readonly switches: Pick<AzureSwitches, "operatorNetwork">;
  readonly subscription: Subscription;
  readonly tokenSecret: string;
}

/**
 * A refusal in the form of a vault's errors (Azure's REST reference: Key Vault, *Common parameters, headers and error
 * codes*).
 */
class VaultError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * The part of a vault's own API that the local cloud has: listing the versions of a secret, and changing the attributes
 * of one.
 */
export function vaultDataPlane({ subscription, tokenSecret, switches }: VaultParts): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    const { status, code } = error instanceof VaultError ? error : { status: 500, code: "InternalServerError" };
    return context.json({ error: { code, message: error.message } }, status as ContentfulStatusCode);
  });
  const authorize = (context: Context, action: string) => {
    const [vaultName, name] = [context.req.param("vault") ?? "", context.req.param("secret") ?? ""];
    const claims = readToken(tokenSecret, bearerToken(context.req.header("authorization")) ?? "");
    if (claims === undefined || claims.exp * 1000 < Date.now() || !isForVaults(claims.aud)) {
      throw new VaultError(401, "Unauthorized", "AKV10022: Invalid audience or no token.");
    }
    if (!context.req.query("api-version")) throw new VaultError(400, "BadParameter", "api-version must be specified");
    const vault = subscription.findByName("keyvault:Vault", vaultName);
    if (vault === undefined) throw new VaultError(404, "VaultNotFound", `The vault ${vaultName} was not found.`);
    if (refusesInternet(vault.inputs) && switches.operatorNetwork === "outside") {
      const message =
        "Public network access is disabled and request is not from a trusted service nor via an approved private link.";
      throw new VaultError(403, "Forbidden", message);
    }
    const id = `${vault.id}/secrets/${name}`;
    if (!subscription.allows(claims.oid, `${secrets}/${action}/action`, id)) {
      const caller = `appid=${claims.appid};oid=${claims.oid}`;
      throw new VaultError(
        403,
        "Forbidden",
        `Caller is not authorized to perform action on resource. Caller: ${caller}`,
      );
    }
    if (subscription.get(id) === undefined) {
      throw new VaultError(404, "SecretNotFound", `A secret with (name/id) ${name} was not found in this key vault.`);
    }
    return { vaultName, name, prefix: `${id}/`.toLowerCase() };
  };
  app.get(`${vaultsPath}/:vault/secrets/:secret/versions`, (context) => {
    const { vaultName, name, prefix } = authorize(context, "readMetadata");
    const found = [...subscription.secretVersions].filter(([key]) => key.startsWith(prefix));
    const value = found.map(([key, version]) => describe(vaultName, `${name}/${key.slice(prefix.length)}`, version));
    return context.json(pageOf(value, new URL(context.req.url)));
  });
  app.patch(`${vaultsPath}/:vault/secrets/:secret/:version`, async (context) => {
    const { vaultName, name, prefix } = authorize(context, "update");
    const key = prefix + context.req.param("version").toLowerCase();
    const known = subscription.secretVersions.get(key);
    if (known === undefined) throw new VaultError(404, "SecretNotFound", `${name} has no such version.`);
    const { attributes = {} } = (await context.req.json()) as { attributes?: { enabled?: boolean; exp?: number } };
    const changed = {
      ...known,
      ...(attributes.enabled !== undefined && { isEnabled: attributes.enabled }),
      ...(attributes.exp !== undefined && { expires: attributes.exp }),
    };
    subscription.secretVersions.set(key, changed);
    return context.json(describe(vaultName, `${name}/${context.req.param("version")}`, changed));
  });
  return app;
}

function isForVaults(audience: string): boolean {
  return audience.replace(/\/+$/, "") === "https://vault.azure.net";
}

/** A version as a vault shows it, without its value. */
function describe(vaultName: string, path: string, { isEnabled, expires }: StoredSecret): object {
  return {
    id: `https://${vaultName.toLowerCase()}.vault.azure.net/secrets/${path}`,
    attributes: { enabled: isEnabled, ...(expires !== undefined && { exp: expires }) },
  };
}
