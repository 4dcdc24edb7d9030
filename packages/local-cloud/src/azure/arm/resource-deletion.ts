import type { AzureParts } from "../effects/effects.ts";
import { effectsOf } from "../effects/resource-effects.ts";
import { refuseLocked } from "../refusals/lock-refusals.ts";
import type { Resource } from "./subscription.ts";

/** Deletes a resource and all its parts, unless Azure refuses. Missing parts are skipped. */
export async function deleteArmResource(id: string, parts: AzureParts): Promise<void> {
  const { subscription, storage } = parts;
  const resource = subscription.get(id);
  if (resource === undefined) return;
  refuseLocked(id, subscription);
  effectsOf(resource.type.token).refuseDelete?.(resource, parts);
  for (const part of inOrder(subscription.tree(id))) {
    // A deleted vault keeps its secrets for recovery; a site's configuration is deleted with the site.
    const goesAlong = part !== resource && (part.type.singleton || subscription.get(part.id) === undefined);
    if (!goesAlong) await effectsOf(part.type.token).delete?.(part, parts);
    subscription.remove(part.id);
  }
  await storage.refreshAccess();
}

/** Innermost first, but vaults before everything. */
function inOrder(tree: readonly Resource[]): Resource[] {
  const isVault = ({ type }: Resource) => type.token === "azure-native:keyvault:Vault";
  return [...tree.filter(isVault), ...tree.filter((part) => !isVault(part))];
}
