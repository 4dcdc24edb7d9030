import { type GetStorageAccountResult, getStorageAccount } from "@pulumi/azure-native/storage/getStorageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import type { AzureChoices } from "../../../settings/azure-settings.ts";
import type { SettingWords } from "../../../settings/setting-words.ts";

type Redundancy = AzureChoices["storageRedundancy"];

export interface AccountChange {
  readonly accountId: string;
  readonly redundancy: Redundancy;
  /** Undefined: as it is. */
  readonly publicAccess: "Enabled" | "Disabled" | undefined;
  readonly words: SettingWords;
}

/** What an account becomes if Azure adds zones to it, or takes them away. */
const conversions: Readonly<Record<Redundancy, Redundancy>> = {
  LRS: "ZRS",
  ZRS: "LRS",
  GRS: "GZRS",
  GZRS: "GRS",
  RAGRS: "RAGZRS",
  RAGZRS: "RAGRS",
};

/**
 * Says in a preview what an `up` would do to an existing storage account. Azure is asked, since it may have converted the account meanwhile. If
 * it does not answer, nothing is said.
 *
 * @param parent whose provider is asked
 * @throws pulumi.RunError with the remedy, if Azure would refuse the redundancy in the middle of the `up`
 */
export async function checkAccountChange(change: AccountChange, parent: pulumi.Resource): Promise<void> {
  // In an `up`, the account's id is known only after its change.
  if (!pulumi.runtime.isDryRun()) return;
  const [, resourceGroupName = "", accountName = ""] =
    change.accountId.match(/\/resourceGroups\/([^/]+)\/.*\/([^/]+)$/i) ?? [];
  const found = await getStorageAccount({ resourceGroupName, accountName }, { parent }).catch(() => undefined);
  if (found === undefined) return;
  warnOfClosing(found, change, parent);
  refuseConversion(found, { resourceGroupName, accountName, ...change });
}

/** An account gets zones, or loses them, only by a conversion (Microsoft, "Change how a storage account is replicated"). */
function refuseConversion(
  { sku }: GetStorageAccountResult,
  {
    redundancy,
    words,
    ...names
  }: Pick<AccountChange, "redundancy" | "words"> & { resourceGroupName: string; accountName: string },
): void {
  const existing = sku.name.replace("Standard_", "") as Redundancy;
  if (hasZones(existing) === hasZones(redundancy)) return;
  throw new pulumi.RunError(
    `Azure does not change the redundancy of the storage account ${names.accountName} from ${existing} to ${redundancy} in an update. To keep ` +
      `it: ${words.set("azure.storageRedundancy", existing)}. To change it, let Azure convert the account, which can take days, and then try ` +
      `again: az storage account migration start --account-name ${names.accountName} --resource-group ${names.resourceGroupName} ` +
      `--sku Standard_${conversions[existing]}. Or replace the relay (docs/tasks/replace.md).`,
  );
}

function hasZones(redundancy: Redundancy): boolean {
  return redundancy.endsWith("ZRS");
}

/** Everything depends on the account, so an `up` closes it before it creates the network through which the app is to reach it. */
function warnOfClosing(
  { name, publicNetworkAccess, privateEndpointConnections }: GetStorageAccountResult,
  { publicAccess, words }: AccountChange,
  parent: pulumi.Resource,
): void {
  const isClosed = publicNetworkAccess === "Disabled";
  if (publicAccess !== "Disabled" || isClosed || privateEndpointConnections.length > 0) return;
  void pulumi.log.warn(
    `The up closes the storage account ${name} before the relay can reach it through the private network: for some minutes, Customer.io's calls ` +
      `get 503, and the relay delivers nothing. To avoid it, first run an up with public access: ${words.set("privateNetwork.publicAccess", "true")}. ` +
      `Then: ${words.remove("privateNetwork.publicAccess")} (docs/networking.md).`,
    parent,
  );
}
