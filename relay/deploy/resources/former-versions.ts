import { defineResource, type Operation } from "pulumi-provider-kit";
import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { type CommandTarget, pulumiCommand } from "../../core/operator-command.ts";
import { roleApiVersion } from "../api-versions.ts";
import type { AzureClient } from "../client/client.ts";
import { grantedActions, permitsDataAction } from "../preflight/actions.ts";
import { importRefusal, stackNameOf } from "./refusal.ts";

const inputs = z.object({
  vaultId: z
    .string()
    .regex(/\/providers\/Microsoft\.KeyVault\/vaults\/[^/]+$/i, "it must be the id of a key vault")
    .meta({ description: "Azure Resource Manager id of the key vault (`Vault.id`).", replaces: true }),
  secrets: z.record(z.string(), z.string()).meta({
    description: "Of each secret, by its name in the vault: the address of the version that stays (`uriWithVersion`).",
  }),
});

const outputs = z.object({
  enabled: z.array(z.string()).meta({
    description: "Names of secrets whose former versions stay enabled, since the login may not disable them.",
    volatile: true,
  }),
});

type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

/**
 * Disables the former versions of rotated secrets, which otherwise stay readable to all who may read the secret. Declared after the code
 * that reads the secrets, so no version is disabled before all instances have the new one.
 */
export const formerVersions = defineResource<AzureClient>()({
  type: "customerio-aep:index:FormerVersions",
  description:
    "Disables all versions of secrets in an Azure key vault except one of each, at each creation and change. Let it depend on what proves " +
    "that the new versions are in use, such as `FunctionCode`. It needs the role Key Vault Secrets Officer on the vault. Without it, it " +
    "warns and names the command that assigns the role; a refresh then makes the next update try again. Deleting it calls nothing. It can't be " +
    "imported.",
  inputs,
  outputs,

  async create(operation, values) {
    return { id: `${values.vaultId}/former-versions`, outputs: await disableOthers(operation, values) };
  },

  // Secrets with enabled former versions are left out, so that the next update tries again.
  async read(_operation, _id, known, done) {
    if (!known || !done) throw importRefusal("customerio-aep:index:FormerVersions");
    const left = Object.entries(known.secrets).filter(([name]) => !done.enabled.includes(name));
    return { inputs: { ...known, secrets: Object.fromEntries(left) }, outputs: done };
  },

  update: (operation, _id, { news }) => disableOthers(operation, news),

  async delete() {
    // Disabled versions stay disabled.
  },
});

async function disableOthers(operation: Operation<AzureClient>, { vaultId, secrets }: Inputs): Promise<Outputs> {
  const { client, signal, warn } = operation;
  const vault = await client.openVault(vaultId, signal);
  const enabled: string[] = [];
  for (const [name, uri] of Object.entries(secrets)) {
    const kept = uri.split("/").at(-1);
    if (!(await mayDisable(client, `${vaultId}/secrets/${name}`, signal))) {
      enabled.push(name);
      continue;
    }
    try {
      for (const { version, isEnabled } of await vault.listVersions(name, signal)) {
        if (isEnabled && version !== kept) await vault.disable(name, version, signal);
      }
    } catch (error) {
      if (!(error instanceof VendorError && error.status === 403)) throw error;
      enabled.push(name);
    }
  }
  if (enabled.length > 0) warn(lacksRole(enabled, vaultId, { stack: stackNameOf(operation) }));
  return { enabled };
}

/** Rights in the vault that this takes (Azure's resource provider operations: Microsoft.KeyVault). */
const neededRights = ["readMetadata", "update"].map((verb) => `Microsoft.KeyVault/vaults/secrets/${verb}/action`);

/**
 * Whether Azure would let the login list and disable versions. Asked beforehand, since the alert `vault-refuses` reports what the vault
 * refuses, and nobody has this role on a vault that an `up` has just created.
 */
async function mayDisable(client: AzureClient, secretId: string, signal: AbortSignal): Promise<boolean> {
  const path = `${secretId}/providers/Microsoft.Authorization/permissions`;
  const purpose = "list what the Azure login may do with a secret";
  try {
    const { value } = await client.query({ path, apiVersion: roleApiVersion, purpose }, grantedActions, signal);
    return neededRights.every((right) => permitsDataAction(value, right));
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    // Then the vault decides.
    return true;
  }
}

/** Warns of versions that stay readable, with the remedy. Whether there are any is not known: that takes the same role. */
export function lacksRole(names: readonly string[], vaultId: string, target: CommandTarget): string {
  return (
    `Former versions of ${names.join(", ")}, if there are any, can still be read in the key vault ${vaultId.split("/").at(-1)}: this login may ` +
    "not disable them, since even an Owner has no right to the secrets in a vault, or the vault's firewall blocks it. Assign the role: " +
    `az role assignment create --role "Key Vault Secrets Officer" --assignee <its object id> --scope ${vaultId}, wait some minutes, and ` +
    `run ${pulumiCommand("up --refresh", target)}. To leave them enabled: npx pulumi config set --path azure.disableFormerSecrets false`
  );
}
