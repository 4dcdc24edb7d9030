import { z } from "zod";
import { storageApiVersion } from "../api-versions.ts";
import { normalizeRegion } from "../region-name.ts";
import type { AzureCheck } from "./azure-question.ts";
import { chooseRegion } from "./choose-region.ts";

const usages = z.object({
  value: z.array(
    z.object({ currentValue: z.number(), limit: z.number(), name: z.object({ value: z.string() }).nullish() }),
  ),
});

/**
 * Whether the region has room for the storage accounts (Azure's REST reference: Usages, *List By Location*). Azure documents no call
 * for the memory that the apps of Flex Consumption share in a region.
 */
export const checkQuota: AzureCheck = async (azure, planned) => {
  const { subscriptionId, location, storageAccounts: wanted } = planned;
  if (location === undefined) return [];
  const { value } = await azure(
    {
      path: `/subscriptions/${subscriptionId}/providers/Microsoft.Storage/locations/${normalizeRegion(location)}/usages`,
      apiVersion: storageApiVersion,
      purpose: `read how many storage accounts the subscription has in ${location}`,
    },
    usages,
  );
  const accounts = value.find(({ name }) => name?.value === "StorageAccounts");
  if (accounts === undefined || accounts.currentValue + wanted <= accounts.limit) return [];
  const { currentValue, limit } = accounts;
  return [
    `The subscription already has ${currentValue} of the ${limit} storage accounts that Azure allows in ${location}, and the relay needs ${wanted}. Delete some ` +
      "(az storage account list --output table), ask for more in the Azure portal under Quotas > Storage, or choose another region: " +
      chooseRegion(planned),
  ];
};
