import { z } from "zod";
import { settingWordsOf } from "../../../settings/setting-words.ts";
import { regionsApiVersion, stacksApiVersion, storageApiVersion } from "../api-versions.ts";
import { normalizeRegion } from "../region-name.ts";
import type { AzureCheck, AzureQuery, PlannedRelay } from "./azure-question.ts";
import { chooseRegion } from "./choose-region.ts";

const regions = z.object({
  value: z.array(z.object({ name: z.string(), properties: z.object({ orgDomain: z.string().nullish() }) })),
});

/** Whether the region offers the plan Flex Consumption, and zones for it (as `az functionapp list-flexconsumption-locations` asks). */
export const checkPlan: AzureCheck = async (azure, planned) => {
  const { subscriptionId, location, zoneRedundant, project } = planned;
  if (location === undefined) return [];
  const { value } = await azure(
    {
      path: `/subscriptions/${subscriptionId}/providers/Microsoft.Web/geoRegions`,
      apiVersion: regionsApiVersion,
      params: { sku: "FlexConsumption" },
      purpose: "list the regions that offer Flex Consumption",
    },
    regions,
  );
  const region = value.find(({ name }) => normalizeRegion(name) === normalizeRegion(location));
  if (region === undefined) {
    const list = "az functionapp list-flexconsumption-locations --output table";
    return [
      `The region ${location} does not offer the plan Flex Consumption. ${otherRegion(planned)}. The regions that do: ${list}`,
    ];
  }
  // No reference documents this value, but Azure CLI and Azure's own modules read it.
  if (zoneRedundant !== true || /FCZONEREDUNDANCY/i.test(region.properties.orgDomain ?? "")) return [];
  return [
    `The region ${location} has no availability zones for Flex Consumption. ${otherRegion(planned)}, or do without: ` +
      `${settingWordsOf(project).set("azure.zoneRedundant", "false")}. The regions with zones: ` +
      "az functionapp list-flexconsumption-locations --zone-redundant true --output table",
  ];
};

function otherRegion(planned: PlannedRelay): string {
  return `Choose another region: ${chooseRegion(planned)}`;
}

const stacks = z.object({
  value: z.array(
    z.object({
      properties: z.object({
        majorVersions: z.array(
          z.object({
            minorVersions: z.array(
              z.object({
                stackSettings: z.object({
                  linuxRuntimeSettings: z
                    .object({
                      Sku: z
                        .array(
                          z.object({
                            skuCode: z.string(),
                            functionAppConfigProperties: z.object({ runtime: z.object({ version: z.string() }) }),
                          }),
                        )
                        .nullish(),
                    })
                    .nullish(),
                }),
              }),
            ),
          }),
        ),
      }),
    }),
  ),
});

/** Whether the region offers the Node.js version (as `az functionapp list-flexconsumption-runtimes` asks). */
export const checkNodeVersion: AzureCheck = async (azure, { location, nodeVersion, project }) => {
  if (location === undefined || nodeVersion === undefined) return [];
  const { value } = await azure(
    {
      path: `/providers/Microsoft.Web/locations/${normalizeRegion(location)}/functionAppStacks`,
      apiVersion: stacksApiVersion,
      params: { removeHiddenStacks: "true", removeDeprecatedStacks: "true", stack: "node" },
      purpose: `list the Node.js versions of Flex Consumption in ${location}`,
    },
    stacks,
  );
  const offered = value
    .flatMap(({ properties }) => properties.majorVersions)
    .flatMap(({ minorVersions }) => minorVersions)
    .flatMap(({ stackSettings }) => stackSettings.linuxRuntimeSettings?.Sku ?? [])
    .filter(({ skuCode }) => skuCode === "FC1")
    .map(({ functionAppConfigProperties }) => functionAppConfigProperties.runtime.version);
  // An empty list means that the region lacks Flex Consumption, which the check of the plan reports.
  if (offered.length === 0 || offered.includes(nodeVersion)) return [];
  return [
    `The region ${location} does not offer Node.js ${nodeVersion} on Flex Consumption, but ${offered.join(", ")}. Choose one: ` +
      `${settingWordsOf(project).set("nodeVersion", String(newestOf(offered)))}. The list: ` +
      `az functionapp list-flexconsumption-runtimes --location ${normalizeRegion(location)} --runtime node`,
  ];
};

function newestOf(versions: readonly string[]): number {
  return Math.max(...versions.map((version) => Number.parseInt(version, 10)));
}

const skus = z.object({
  value: z.array(
    z.object({
      name: z.string(),
      kind: z.string().nullish(),
      locations: z.array(z.string()).nullish(),
      restrictions: z.array(z.object({ type: z.string().nullish(), values: z.array(z.string()).nullish() })).nullish(),
    }),
  ),
});

/** Whether the region offers the redundancy of the storage account, to this subscription (Azure's REST reference: Skus, *List*). */
export const checkRedundancy: AzureCheck = async (azure, planned) => {
  const { location, storageRedundancy, project } = planned;
  if (location === undefined || storageRedundancy === undefined) return [];
  const offered = await redundanciesIn(location, azure, planned);
  if (offered.length === 0 || offered.includes(storageRedundancy)) return [];
  return [
    `The region ${location} does not offer storage accounts with the redundancy ${storageRedundancy} to this subscription, but ` +
      `${offered.join(", ")}. Choose one: ${settingWordsOf(project).set("azure.storageRedundancy", offered[0] ?? "")}. ${otherRegion(planned)}`,
  ];
};

async function redundanciesIn(
  location: string,
  azure: AzureQuery,
  { subscriptionId }: PlannedRelay,
): Promise<string[]> {
  const { value } = await azure(
    {
      path: `/subscriptions/${subscriptionId}/providers/Microsoft.Storage/skus`,
      apiVersion: storageApiVersion,
      purpose: "list the kinds of storage accounts that the subscription may have",
    },
    skus,
  );
  const isHere = (list: readonly string[] | null | undefined) =>
    list?.some((region) => normalizeRegion(region) === normalizeRegion(location)) ?? false;
  return value
    .filter(({ name, kind }) => kind === "StorageV2" && name.startsWith("Standard_"))
    .filter(({ locations }) => isHere(locations))
    .filter(
      ({ restrictions }) => !restrictions?.some(({ type, values }) => /^location$/i.test(type ?? "") && isHere(values)),
    )
    .map(({ name }) => name.replace("Standard_", ""));
}
