import { isMap, type PropertyMap } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../arm/subscription.ts";
import type { AzureSwitches } from "../switches.ts";

/** What Azure refuses about a key vault. */
export function refuseVault(
  { id, name, inputs, existing }: ResourceRequest,
  subscription: Subscription,
  { namesTaken }: AzureSwitches,
): void {
  refuseRetention(inputs, existing?.inputs);
  if (existing) return;
  if (!/^[a-z](-?[a-z0-9])+$/i.test(name)) {
    const message =
      `The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. ` +
      "The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.";
    throw new ArmError(400, "VaultNameNotValid", message);
  }
  const taken = subscription.findByName("keyvault:Vault", name);
  if (namesTaken.includes(name.toLowerCase()) || (taken && taken.id.toLowerCase() !== id.toLowerCase())) {
    throw new ArmError(409, "VaultAlreadyExists", `The vault name '${name}' is already in use.`);
  }
  if (subscription.deletedVaults.has(name.toLowerCase()) && textAt(inputs, "properties.createMode") !== "recover") {
    const message =
      "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. " +
      "Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.";
    throw new ArmError(409, "ConflictError", message);
  }
}

/** What Azure refuses about a secret; the words about its tags are the stand-in's own. */
export function refuseSecret({ id, name, inputs }: ResourceRequest, subscription: Subscription): void {
  const tags = plainValueAt(inputs, "tags");
  if (isMap(tags) && Object.keys(tags).length > 15) {
    throw new ArmError(400, "BadRequest", `The secret ${name} has more than 15 tags.`);
  }
  if (!subscription.deletedSecrets.has(id.toLowerCase())) return;
  const message =
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; ` +
    "in this state, the secret can only be recovered or purged.";
  throw new ArmError(409, "Conflict", message);
}

/** The retention is fixed when the vault is created, 90 days by default. Purge protection can't be switched off. */
function refuseRetention(news: PropertyMap, olds: PropertyMap | undefined): void {
  if (plainValueAt(news, "properties.enablePurgeProtection") === false) {
    const message =
      'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.';
    throw new ArmError(400, "BadRequest", message);
  }
  const days = plainValueAt(news, "properties.softDeleteRetentionInDays");
  if (days === undefined) return;
  if (Number(days) < 7 || Number(days) > 90) {
    throw new ArmError(400, "BadRequest", 'The property "softDeleteRetentionInDays" must be between 7 and 90.');
  }
  if (olds && Number(days) !== Number(plainValueAt(olds, "properties.softDeleteRetentionInDays") ?? 90)) {
    const message = 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.';
    throw new ArmError(400, "BadRequest", message);
  }
}
