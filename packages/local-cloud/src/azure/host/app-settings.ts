import type { Resource, Subscription } from "../arm/subscription.ts";
import { plainValueAt, text } from "../arm/subscription.ts";

const secretsAction = "Microsoft.KeyVault/vaults/secrets/getSecret/action";

/** Settings that a Flex Consumption app is not allowed to have (Microsoft Learn, "Flex Consumption plan deprecations"). */
const forbidden =
  /^(FUNCTIONS_WORKER_RUNTIME(_VERSION)?|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_MAX_HTTP_CONCURRENCY|FUNCTIONS_WORKER_PROCESS_COUNT|FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|WEBSITE_NODE_DEFAULT_VERSION|WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT|WEBSITE_SKIP_CONTENTSHARE_VALIDATION|WEBSITE_DNS_SERVER|WEBSITE_VNET_ROUTE_ALL)$/i;

/** The names among these that a Flex Consumption app is refused for. */
export function forbiddenOnFlex(names: readonly string[]): string[] {
  return names.filter((name) => forbidden.test(name) || name.includes(":"));
}

/**
 * App settings as the app sees them: a reference `@Microsoft.KeyVault(…)` is replaced by the secret if the app's
 * `keyVaultReferenceIdentity` may read it, else it stays as it is written (Microsoft Learn, "Use Key Vault references").
 */
export function resolveSettings(
  subscription: Subscription,
  site: Resource,
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  const identity = referenceIdentity(subscription, site);
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const secret = referredSecret(subscription, value);
      const allowed = secret && identity !== undefined && subscription.allows(identity, secretsAction, secret.id);
      return [name, allowed ? text(secret.inputs, "properties.value") : value];
    }),
  );
}

/** Object id of the identity that reads Key Vault references: the one named, or the app's system-assigned one. */
function referenceIdentity(subscription: Subscription, site: Resource): string | undefined {
  const named = text(site.inputs, "keyVaultReferenceIdentity");
  if (named === "" || named.toLowerCase() === "systemassigned")
    return text(site.outputs, "identity.principalId") || undefined;
  const attached = Object.keys(
    (plainValueAt(site.outputs, "identity.userAssignedIdentities") as object | undefined) ?? {},
  );
  if (!attached.some((id) => id.toLowerCase() === named.toLowerCase())) return undefined;
  return subscription.identities().find(({ resourceId }) => resourceId.toLowerCase() === named.toLowerCase())?.objectId;
}

function referredSecret(subscription: Subscription, value: string): Resource | undefined {
  const [, body] = value.match(/^@Microsoft\.KeyVault\((.+)\)$/i) ?? [];
  if (body === undefined) return undefined;
  const part = (name: string) => body.match(new RegExp(`(?:^|;)\\s*${name}=([^;]+)`, "i"))?.[1]?.trim();
  const uri = part("SecretUri");
  const secrets = subscription.list("keyvault:Secret");
  if (uri !== undefined) {
    return secrets.find(({ outputs }) =>
      [text(outputs, "properties.secretUri"), text(outputs, "properties.secretUriWithVersion")].includes(
        uri.replace(/\/$/, ""),
      ),
    );
  }
  const [vaultName, secretName] = [part("VaultName"), part("SecretName")];
  return secrets.find(({ id, name }) => name === secretName && id.includes(`/vaults/${vaultName}/`));
}
