import { z } from "zod";
import { type SettingWords, stackWords } from "../../../settings/setting-words.ts";
import { chooseRegion } from "./choose-region.ts";

/** The setting behind a property that a policy refuses, with its value, by the end of the property's path. */
const settings: readonly (readonly [path: RegExp, setting: string, value: string])[] = [
  [/enablePurgeProtection$/i, "azure.purgeProtection", "true"],
  [/softDeleteRetentionInDays$/i, "azure.vaultRetentionDays", "90"],
  [/zoneRedundant$/i, "azure.zoneRedundant", "true"],
  [/(publicNetworkAccess|networkAcls\.defaultAction|virtualNetworkSubnetId)$/i, "privateNetwork.enabled", "true"],
  [/^name$/i, "azureNames.<part>", "<name>"],
];

/** The values that a policy evaluated, as in Azure's checks and refusals. */
export const evaluationDetails = z.object({
  evaluatedExpressions: z.array(z.object({ path: z.string().nullish() })).nullish(),
});

/** Properties that a policy evaluated, such as `properties.enablePurgeProtection` or `tags['costCenter']`. */
export function evaluatedPaths(details: z.output<typeof evaluationDetails> | null | undefined): string[] {
  return (details?.evaluatedExpressions ?? []).flatMap(({ path }) => path ?? []);
}

/**
 * The remedy for a refusal by Azure Policy: the setting behind the refused property, otherwise an exemption.
 *
 * @param refusal.words how the message names settings; default: those of a stack
 * @param refusal.type the resource's type, if known
 * @param refusal.otherRegion how to choose another region; default: that of a stack with a group of its own
 * @param paths see `evaluatedPaths`
 */
export function policyRemedy(
  paths: readonly string[],
  refusal: {
    readonly assignmentId: string;
    readonly scope: string;
    readonly words?: SettingWords;
    readonly type?: string;
    readonly otherRegion?: string;
  },
): string {
  const { assignmentId, scope, words = stackWords("customerio-aep"), type, otherRegion = chooseRegion({}) } = refusal;
  const known = paths.flatMap((path) => (/^location$/i.test(path) ? otherRegion : settingOf(path, type, words)) ?? []);
  if (known.length > 0) return `To comply: ${[...new Set(known)].join("; ")}`;
  return (
    "No setting changes that. Ask those who assigned the policy for an exemption: az policy exemption create --name customerio-aep " +
    `--policy-assignment ${assignmentId} --exemption-category Waiver --scope ${scope}`
  );
}

function settingOf(path: string, type: string | undefined, words: SettingWords): string | undefined {
  if (/sku\.name$/i.test(path)) {
    const isAccount = type?.toLowerCase() === "microsoft.storage/storageaccounts";
    return isAccount ? words.set("azure.storageRedundancy", "<redundancy>") : undefined;
  }
  const [, tag] = path.match(/^tags(?:\[['"]?|\.)([^\]'"]+)/i) ?? [];
  if (tag !== undefined) {
    return words.set(/^\w+$/.test(tag) ? `azureTags.${tag}` : `azureTags["${tag}"]`, "<value>");
  }
  if (/^tags$/i.test(path)) return words.set("azureTags.<name>", "<value>");
  const [, setting, value] = settings.find(([pattern]) => pattern.test(path)) ?? [];
  return setting === undefined || value === undefined ? undefined : words.set(setting, value);
}
