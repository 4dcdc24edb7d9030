import { z } from "zod";
import { settingWordsOf } from "../../../settings/setting-words.ts";
import { resourcesApiVersion, storageApiVersion, vaultApiVersion } from "../api-versions.ts";
import { normalizeRegion } from "../region-name.ts";
import type { AzureCheck, AzureQuery, PlannedRelay } from "./azure-question.ts";

const availability = z.object({ nameAvailable: z.boolean(), message: z.string().nullish() });
const found = z.object({ value: z.array(z.object({ id: z.string() })) });
const deleted = z.object({
  value: z.array(
    z.object({
      name: z.string(),
      properties: z.object({
        location: z.string().nullish(),
        purgeProtectionEnabled: z.boolean().nullish(),
        scheduledPurgeDate: z.string().nullish(),
      }),
    }),
  ),
});

/**
 * Whether the user's names for storage accounts and vault are free; they must be unique in all of Azure. Objects in the user's own
 * subscription are not reported, since an interrupted `up` may have left them.
 */
export const checkNames: AzureCheck = async (azure, planned) => {
  const { storageAccountName, hostStorageAccountName, vaultName } = planned;
  const checkAccount = (setting: string, name: string | undefined) =>
    name === undefined ? [] : checkAccountName(setting, name, azure, planned);
  const problems = await Promise.all([
    checkAccount("azureNames.storageAccount", storageAccountName),
    checkAccount("azureNames.hostStorageAccount", hostStorageAccountName),
    vaultName === undefined ? [] : checkVaultName(vaultName, azure, planned),
  ]);
  return problems.flat();
};

async function checkAccountName(
  setting: string,
  name: string,
  azure: AzureQuery,
  planned: PlannedRelay,
): Promise<string[]> {
  const type = "Microsoft.Storage/storageAccounts";
  if ((await isFree(name, type, azure, planned)) || (await isOwn(name, type, azure, planned))) return [];
  const words = settingWordsOf(planned.project);
  return [
    `The name "${name}" is taken by a storage account of another subscription. Choose another, or have one generated: ` +
      `${words.set(setting, "<name>")}, or ${words.remove(setting)}`,
  ];
}

async function checkVaultName(name: string, azure: AzureQuery, planned: PlannedRelay): Promise<string[]> {
  const type = "Microsoft.KeyVault/vaults";
  if ((await isFree(name, type, azure, planned)) || (await isOwn(name, type, azure, planned))) return [];
  const choose = settingWordsOf(planned.project).set("azureNames.vault", "<name>");
  const { value } = await azure(
    {
      path: `/subscriptions/${planned.subscriptionId}/providers/Microsoft.KeyVault/deletedVaults`,
      apiVersion: vaultApiVersion,
      purpose: "list the deleted key vaults",
    },
    deleted,
  );
  const vault = value.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (vault === undefined) {
    return [`The name "${name}" is taken by a key vault of another subscription. Choose another: ${choose}`];
  }
  const { location, purgeProtectionEnabled, scheduledPurgeDate } = vault.properties;
  const where = location ? ` --location ${normalizeRegion(location)}` : "";
  const until = scheduledPurgeDate ? ` until ${scheduledPurgeDate.slice(0, 10)}` : "";
  const free = purgeProtectionEnabled
    ? "It is protected from being purged"
    : `Purge it, with its secrets: az keyvault purge --name ${name}${where}`;
  return [`The name "${name}" belongs to a deleted key vault${until}. Choose another: ${choose}. ${free}`];
}

async function isFree(
  name: string,
  type: string,
  azure: AzureQuery,
  { subscriptionId }: PlannedRelay,
): Promise<boolean> {
  const [namespace] = type.split("/");
  const { nameAvailable } = await azure(
    {
      method: "POST",
      path: `/subscriptions/${subscriptionId}/providers/${namespace}/checkNameAvailability`,
      apiVersion: type.includes("KeyVault") ? vaultApiVersion : storageApiVersion,
      body: { name, type },
      purpose: `check whether the name "${name}" is free`,
    },
    availability,
  );
  return nameAvailable;
}

async function isOwn(
  name: string,
  type: string,
  azure: AzureQuery,
  { subscriptionId }: PlannedRelay,
): Promise<boolean> {
  const { value } = await azure(
    {
      path: `/subscriptions/${subscriptionId}/resources`,
      apiVersion: resourcesApiVersion,
      params: { $filter: `name eq '${name}' and resourceType eq '${type}'` },
      purpose: `check whether "${name}" is in the subscription`,
    },
    found,
  );
  return value.length > 0;
}
