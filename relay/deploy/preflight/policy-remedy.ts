import { z } from "zod";

const config = "npx pulumi config set";

/** The setting behind a property that a policy refuses, by the end of the property's path. */
const settings: readonly (readonly [RegExp, string])[] = [
  [/^location$/i, `${config} azure-native:location <region>`],
  [/enablePurgeProtection$/i, `${config} --path azure.purgeProtection true`],
  [/softDeleteRetentionInDays$/i, `${config} --path azure.vaultRetentionDays 90`],
  [/zoneRedundant$/i, `${config} --path azure.zoneRedundant true`],
  [/publicNetworkAccess$/i, `${config} --path privateNetwork.enabled true`],
  [/^name$/i, `${config} --path azureNames.<part> <name>`],
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
 * @param type the resource's type, if known
 * @param paths see `evaluatedPaths`
 */
export function policyRemedy(
  paths: readonly string[],
  { assignmentId, scope, type }: { readonly assignmentId: string; readonly scope: string; readonly type?: string },
): string {
  const known = paths.flatMap((path) => settingOf(path, type) ?? []);
  if (known.length > 0) return `Set what it asks for: ${[...new Set(known)].join("; ")}`;
  return (
    "No setting changes that. Ask those who assigned the policy for an exemption: az policy exemption create --name customerio-aep " +
    `--policy-assignment ${assignmentId} --exemption-category Waiver --scope ${scope}`
  );
}

function settingOf(path: string, type: string | undefined): string | undefined {
  if (/sku\.name$/i.test(path)) {
    const isAccount = type?.toLowerCase() === "microsoft.storage/storageaccounts";
    return isAccount ? `${config} --path azure.storageRedundancy <redundancy>` : undefined;
  }
  const [, tag] = path.match(/^tags(?:\[['"]?|\.)([^\]'"]+)/i) ?? [];
  if (tag !== undefined) {
    const key = /^\w+$/.test(tag) ? `azureTags.${tag}` : `'azureTags["${tag}"]'`;
    return `${config} --path ${key} <value>`;
  }
  if (/^tags$/i.test(path)) return `${config} --path azureTags.<name> <value>`;
  return settings.find(([pattern]) => pattern.test(path))?.[1];
}
