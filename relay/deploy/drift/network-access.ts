import { z } from "zod";

const ranges = z
  .array(z.object({ value: z.string().nullish(), iPAddressOrRange: z.string().nullish(), id: z.string().nullish() }))
  .nullish();
const rules = z
  .object({
    defaultAction: z.string().nullish(),
    bypass: z.string().nullish(),
    ipRules: ranges,
    virtualNetworkRules: z
      .array(z.object({ id: z.string().nullish(), virtualNetworkResourceId: z.string().nullish() }))
      .nullish(),
    resourceAccessRules: z.array(z.unknown()).nullish(),
  })
  .nullish();
const access = z.object({
  publicNetworkAccess: z.string().nullish(),
  networkAcls: rules,
  // azure-native's name for a storage account's network rules.
  networkRuleSet: rules,
});

/**
 * Normalizes the network access of a storage account or vault, whether the program wrote it or Azure returned it.
 *
 * @param properties with `publicNetworkAccess`, and `networkAcls` or `networkRuleSet`; missing ones have Azure's defaults
 */
function reachOf(properties: unknown) {
  const { publicNetworkAccess, networkAcls, networkRuleSet } = access.parse(properties ?? {});
  const given = networkAcls ?? networkRuleSet;
  return {
    "public network access": (publicNetworkAccess ?? "Enabled").toLowerCase(),
    "default action": (given?.defaultAction ?? "Allow").toLowerCase(),
    bypass: (given?.bypass ?? "AzureServices").toLowerCase(),
    "IP rules": (given?.ipRules ?? []).map((rule) => rule.value ?? rule.iPAddressOrRange ?? "").sort(),
    "virtual network rules": (given?.virtualNetworkRules ?? [])
      .map((rule) => (rule.id ?? rule.virtualNetworkResourceId ?? "").toLowerCase())
      .sort(),
    "resource rules": (given?.resourceAccessRules ?? []).length,
  };
}

/** The network rules of a storage account or vault that differ from what the program wrote, by their names in the portal. */
export function changedReach(written: unknown, found: unknown): string[] {
  const [wanted, present] = [reachOf(written), reachOf(found)];
  const names = Object.keys(wanted) as (keyof typeof wanted)[];
  return names.filter((name) => JSON.stringify(wanted[name]) !== JSON.stringify(present[name]));
}
