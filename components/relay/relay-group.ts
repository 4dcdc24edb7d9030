import { getResourceGroupOutput } from "@pulumi/azure-native/resources/getResourceGroup.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../settings/setting-types.ts";
import { addName, azureName, formerNames } from "./azure/azure-names.ts";
import { type AzurePart, nativePart } from "./azure/azure-parts.ts";
import { hasOwnProvider } from "./azure/own-provider.ts";
import { warnOfOtherRegion } from "./relay-region.ts";

/** The resource group of a relay. */
export interface RelayGroup {
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  /** Region in which everything is created. */
  readonly location: pulumi.Output<string>;
  readonly parts: Readonly<Record<string, AzurePart>>;
}

export interface RelayGroupArgs extends Pick<Settings, "azureNames" | "azureExisting"> {
  /** The subscription in which everything is created. */
  subscriptionId: pulumi.Input<string>;
}

/** Declares the group, unless an existing one is used, in which only the program's own resources change. */
export function relayGroup(
  name: string,
  { azureNames, azureExisting: { resourceGroupId }, subscriptionId }: RelayGroupArgs,
  { parent }: { parent: pulumi.Resource },
): RelayGroup {
  if (resourceGroupId !== undefined) {
    const id = pulumi
      .all([resourceGroupId, subscriptionId])
      .apply(([given, own]) => inSubscription(given, own, "azureExisting.resourceGroupId"));
    const groupName = id.apply((known) => known.split("/").at(-1) ?? "");
    const { location } = getResourceGroupOutput({ resourceGroupName: groupName }, { parent });
    return { id, name: groupName, location, parts: {} };
  }
  const group = new ResourceGroup(
    azureName("resourceGroup", name),
    addName("resourceGroupName", azureNames.resourceGroup),
    { parent, aliases: formerNames("resourceGroup", name) },
  );
  if (!hasOwnProvider(parent)) warnOfOtherRegion(group);
  return { id: group.id, name: group.name, location: group.location, parts: { "resource group": nativePart(group) } };
}

/**
 * The id of an existing resource, which must be in the subscription in which everything is created.
 *
 * @param setting names the setting of the id
 * @throws pulumi.RunError if it is in another one
 */
export function inSubscription(id: string, subscriptionId: string, setting: string): string {
  if (id.toLowerCase().startsWith(`/subscriptions/${subscriptionId}/`.toLowerCase())) return id;
  throw new pulumi.RunError(
    `${setting} is not in the subscription ${subscriptionId}, in which the stack creates everything. ` +
      `To use that one, run: npx pulumi config set azure-native:subscriptionId ${id.split("/")[2]}`,
  );
}
