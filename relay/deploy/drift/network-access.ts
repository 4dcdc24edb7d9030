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
  // azure-native's name for a storage account's.
  networkRuleSet: rules,
});

/**
 * From where a storage account or a vault can be reached, in one form for what the program wrote and what Azure answers.
 *
 * @param properties with `publicNetworkAccess`, and `networkAcls` or `networkRuleSet`; what they lack has Azure's default
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

/** The network rules of a storage account or vault that are not as the program wrote them, by what the portal calls them. */
export function changedReach(written: unknown, found: unknown): string[] {
  const [wanted, present] = [reachOf(written), reachOf(found)];
  const names = Object.keys(wanted) as (keyof typeof wanted)[];
  return names.filter((name) => JSON.stringify(wanted[name]) !== JSON.stringify(present[name]));
}
