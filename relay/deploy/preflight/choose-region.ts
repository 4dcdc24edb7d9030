import { settingWordsOf } from "../../../settings/setting-words.ts";

/**
 * The remedy for a region that does not fit: an existing resource group decides about the region of everything in it.
 *
 * @param planned.project see `plannedRelaySchema`
 */
export function chooseRegion(planned: {
  readonly resourceGroupId?: string | undefined;
  readonly project?: string | undefined;
}): string {
  if (planned.resourceGroupId === undefined) return "npx pulumi config set azure-native:location <region>";
  const words = settingWordsOf(planned.project);
  return words.set("azureExisting.resourceGroupId", "<id of a group in another region>");
}
