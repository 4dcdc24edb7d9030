import { plainValueAt, type Resource, type StoredSecret, type Subscription, textAt } from "../arm/subscription.ts";
import { reaches, refusesInternet } from "../network/private-access.ts";
import type { AzureSwitches } from "../switches.ts";

const secretsAction = "Microsoft.KeyVault/vaults/secrets/getSecret/action";

/** Azure's statuses of a reference, with their messages (Azure's REST reference: Web Apps, *ApiKVReference*). */
const sentences = {
  Resolved: "Reference has been successfully resolved.",
  AccessToKeyVaultDenied:
    "Key Vault reference was not able to be resolved because site was denied access to Key Vault reference's vault.",
  InvalidSyntax: "Key Vault reference was not able to be resolved because its syntax is invalid.",
  MSINotEnabled: "Key Vault reference was not able to be resolved because site Managed Identity not enabled.",
  OtherReasons: "Reference was not able to be resolved.",
  SecretNotFound: "Key Vault reference was not able to be resolved because secret was not found.",
  SecretVersionNotFound: "Key Vault reference was not able to be resolved because secret version was not found.",
  VaultNotFound: "Key Vault reference was not able to be resolved because vault was not found.",
} as const;

type Status = keyof typeof sentences;

/** The state of an app setting that refers to a vault's secret. */
export interface KeyVaultReference {
  readonly reference: string;
  readonly status: Status;
  /** The secret; only if resolved. */
  readonly value?: string;
  readonly vaultName: string;
  readonly secretName: string;
  readonly secretVersion: string;
}

/**
 * Resolves each setting that is a reference `@Microsoft.KeyVault(…)`, with the app's `keyVaultReferenceIdentity` (Microsoft Learn,
 * "Use Key Vault references").
 */
export function resolveKeyVaultReferences(
  subscription: Subscription,
  site: Resource,
  settings: Readonly<Record<string, string>>,
  switches: Pick<AzureSwitches, "expiredSecrets">,
): ReadonlyMap<string, KeyVaultReference> {
  const identity = referenceIdentity(subscription, site);
  return new Map(
    Object.entries(settings).flatMap(([name, reference]) => {
      const [, body] = reference.match(/^@Microsoft\.KeyVault\((.*)\)$/is) ?? [];
      return body === undefined
        ? []
        : [[name, { reference, ...resolve({ subscription, site, identity }, body, switches) }]];
    }),
  );
}

/** A reference in Azure Resource Manager's form; never with the secret. */
export function describeReference(site: Resource, name: string, reference: KeyVaultReference): object {
  const { value: _value, ...shown } = reference;
  return {
    id: `${site.id}/config/configreferences/appsettings/${name}`,
    name,
    type: "Microsoft.Web/sites/config/configreferences",
    properties: {
      ...shown,
      identityType: "UserAssigned",
      source: "KeyVault",
      details: sentences[reference.status],
    },
  };
}

interface Asking {
  readonly subscription: Subscription;
  readonly site: Resource;
  readonly identity: string | undefined;
}

function resolve(
  { subscription, site, identity }: Asking,
  body: string,
  switches: Pick<AzureSwitches, "expiredSecrets">,
) {
  const { vaultName = "", secretName = "", secretVersion = "" } = parseReference(body) ?? {};
  const outcome = (status: Status, value?: string) => ({
    status,
    vaultName,
    secretName,
    secretVersion,
    ...(value !== undefined && { value }),
  });
  if (vaultName === "" || secretName === "") return outcome("InvalidSyntax");
  if (identity === undefined) return outcome("MSINotEnabled");
  const vault = subscription.findByName("keyvault:Vault", vaultName);
  if (vault === undefined) return outcome("VaultNotFound");
  const isOutside = refusesInternet(vault.inputs) && !reaches(site, vault.id, "vault", subscription);
  if (isOutside) return outcome("AccessToKeyVaultDenied");
  const id = `${vault.id}/secrets/${secretName}`;
  if (!subscription.allows(identity, secretsAction, id)) return outcome("AccessToKeyVaultDenied");
  const secret = subscription.get(id);
  if (secret === undefined) return outcome("SecretNotFound");
  const current = textAt(secret.outputs, "properties.secretUriWithVersion").split("/").at(-1) ?? "";
  const version = subscription.secretVersions.get(`${id}/${secretVersion || current}`.toLowerCase());
  if (version === undefined) return outcome("SecretVersionNotFound");
  return isGiven(version, switches) ? outcome("Resolved", version.value) : outcome("OtherReasons");
}

/**
 * Whether the vault returns a version's value: never for a disabled version, and for an expired one as the switch says.
 */
function isGiven(
  { isEnabled, expires }: StoredSecret,
  { expiredSecrets }: Pick<AzureSwitches, "expiredSecrets">,
): boolean {
  return isEnabled && (expires === undefined || expires * 1000 > Date.now() || expiredSecrets === "given");
}

function parseReference(
  body: string,
): Partial<Pick<KeyVaultReference, "vaultName" | "secretName" | "secretVersion">> | undefined {
  const part = (name: string) => body.match(new RegExp(`(?:^|;)\\s*${name}=([^;]*)`, "i"))?.[1]?.trim();
  const uri = part("SecretUri");
  if (uri === undefined) {
    const [vaultName, secretName, secretVersion] = [part("VaultName"), part("SecretName"), part("SecretVersion")];
    return {
      ...(vaultName && { vaultName }),
      ...(secretName && { secretName }),
      ...(secretVersion && { secretVersion }),
    };
  }
  const [, vaultName, secretName, secretVersion = ""] =
    uri.match(/^https:\/\/([^./]+)\.vault\.azure\.net\/secrets\/([^/]+)(?:\/([^/]*))?\/?$/i) ?? [];
  return vaultName && secretName ? { vaultName, secretName, secretVersion } : undefined;
}

/** Object id of the identity that reads Key Vault references: the configured one, or the app's system-assigned one. */
function referenceIdentity(subscription: Subscription, site: Resource): string | undefined {
  const named = textAt(site.inputs, "keyVaultReferenceIdentity");
  if (named === "" || named.toLowerCase() === "systemassigned") {
    return textAt(site.outputs, "identity.principalId") || undefined;
  }
  const attached = Object.keys(
    (plainValueAt(site.outputs, "identity.userAssignedIdentities") as object | undefined) ?? {},
  );
  if (!attached.some((id) => id.toLowerCase() === named.toLowerCase())) return undefined;
  return subscription.identities().find(({ resourceId }) => resourceId.toLowerCase() === named.toLowerCase())?.objectId;
}
