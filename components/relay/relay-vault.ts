import { Vault } from "@pulumi/azure-native/keyvault/vault.js";
import * as pulumi from "@pulumi/pulumi";
import { type ArmResource, FormerVersions, VaultSecret } from "../../relay/deploy/sdk.ts";
import { derive } from "../settings/inputs.ts";
import { addName, azureName, compactStem, digestDigits, formerNames } from "./azure/azure-names.ts";
import { type AzurePart, armPart, nativePart } from "./azure/azure-parts.ts";
import type { AzureProfile } from "./azure/azure-profile.ts";
import { expiryDate } from "./azure/expiry-date.ts";
import { networkRules } from "./azure/safe-properties.ts";
import { declareSecretExpiryAlert } from "./monitoring/secret-expiry-alert.ts";

interface ExistingVault {
  readonly id: pulumi.Input<string>;
  /** Id of the relay's storage account. Names of secrets depend on it, so that many relays can share a vault. */
  readonly storageAccountId: pulumi.Output<string>;
}

export interface RelayVaultArgs {
  resourceGroupName: pulumi.Input<string>;
  tenantId: pulumi.Input<string>;
  /** The vault's name, instead of a generated one. */
  vaultName?: pulumi.Input<string> | undefined;
  /** An existing vault, which then only gets the secrets. */
  existing?: ExistingVault | undefined;
  /** The action groups that get the alert about expiring secrets. */
  actionGroupIds: pulumi.Input<string[]>;
  /** Whether it can be reached from outside; undefined: Azure's default, which allows it. */
  publicAccess?: "Enabled" | "Disabled" | undefined;
  profile: Pick<AzureProfile, "purgeProtection" | "vaultRetentionDays" | "secretLifetimeDays">;
}

/** The vault with the relay's secrets, to which its app settings refer. */
export class RelayVault {
  readonly id: pulumi.Output<string>;
  readonly parts: Readonly<Record<string, AzurePart>>;
  /** The alert about expiring secrets. An existing vault has none: its owner decides what it reports, and to whom. */
  readonly expiryAlert: ArmResource | undefined;
  /** The secrets so far, by their names in the program. */
  readonly secrets = new Map<string, VaultSecret>();
  readonly #name: string;
  readonly #options: pulumi.CustomResourceOptions;
  readonly #expiresAt: pulumi.Input<string | undefined>;
  readonly #existing: ExistingVault | undefined;

  constructor(name: string, args: RelayVaultArgs, options: pulumi.CustomResourceOptions) {
    const { existing, profile } = args;
    const vault = existing === undefined ? createVault(name, args, options) : undefined;
    this.id = pulumi.output(vault?.id ?? existing?.id ?? "");
    // A number that is not known yet may be greater than 0.
    const expires = profile.secretLifetimeDays !== 0;
    const { actionGroupIds } = args;
    this.expiryAlert =
      vault && expires ? declareSecretExpiryAlert(name, { vaultId: vault.id, actionGroupIds }, options) : undefined;
    this.parts = {
      ...(vault && { vault: nativePart(vault) }),
      ...(this.expiryAlert && { 'alert "secret-expiry"': armPart(this.expiryAlert) }),
    };
    this.#existing = existing;
    this.#name = name;
    this.#options = options;
    const now = Date.now();
    this.#expiresAt = derive(profile.secretLifetimeDays, (days) => expiryDate(days, now));
  }

  /**
   * Stores a value in the vault. Returns the app setting that refers to it.
   *
   * @param contentType a description of the value, shown in the vault
   */
  reference(secretName: string, contentType: string, value: pulumi.Input<string>): pulumi.Output<string> {
    const secret = new VaultSecret(
      `${this.#name}-${secretName}`,
      {
        vaultId: this.id,
        name: this.#nameOf(secretName),
        value,
        contentType,
        expiresAt: this.#expiresAt as pulumi.Input<string>,
        ...(this.#existing && { disableWhenDeleted: true }),
      },
      {
        ...this.#options,
        aliases: [{ type: "azure-native:keyvault:Secret" }],
        // The vault does not report versions that are older than the alert.
        dependsOn: this.expiryAlert ? [this.expiryAlert] : [],
      },
    );
    this.secrets.set(secretName, secret);
    // With its version, so that a new value is a new setting, which the app uses at once.
    return pulumi.interpolate`@Microsoft.KeyVault(SecretUri=${secret.uriWithVersion})`;
  }

  /** Disables former versions after a rotation, once the given resource has shown that the new ones are in use. */
  disableFormer(code: pulumi.Resource): void {
    const versions = [...this.secrets].map(
      ([name, { uriWithVersion }]): [pulumi.Input<string>, pulumi.Output<string>] => [
        this.#nameOf(name),
        uriWithVersion,
      ],
    );
    const secrets = this.#existing
      ? pulumi.all(versions).apply((known): Record<string, string> => Object.fromEntries(known))
      : Object.fromEntries(versions as [string, pulumi.Output<string>][]);
    new FormerVersions(
      `${this.#name}-former-secrets`,
      { vaultId: this.id, secrets },
      { ...this.#options, dependsOn: code },
    );
  }

  #nameOf(secretName: string): pulumi.Input<string> {
    return this.#existing?.storageAccountId.apply((id) => `${secretName}-${digestDigits(id)}`) ?? secretName;
  }
}

function createVault(
  name: string,
  { resourceGroupName, tenantId, vaultName, profile, publicAccess }: RelayVaultArgs,
  options: pulumi.CustomResourceOptions,
): Vault {
  return new Vault(
    azureName("vault", compactStem(name)),
    {
      resourceGroupName,
      ...addName("vaultName", vaultName),
      properties: {
        tenantId,
        sku: { family: "A", name: "standard" },
        enableRbacAuthorization: true,
        ...(publicAccess && { publicNetworkAccess: publicAccess, networkAcls: networkRules(publicAccess) }),
        softDeleteRetentionInDays: profile.vaultRetentionDays,
        // Azure refuses `false`, for a new vault and for one that is protected already.
        enablePurgeProtection: pulumi
          .output(profile.purgeProtection)
          .apply((isProtected) => isProtected || undefined) as pulumi.Output<boolean>,
      },
    },
    {
      ...options,
      aliases: formerNames("vault", name),
      // Azure accepts it only when it creates a vault.
      ignoreChanges: ["properties.softDeleteRetentionInDays"],
    },
  );
}
