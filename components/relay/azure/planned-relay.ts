import * as pulumi from "@pulumi/pulumi";
import {
  actionGroupApiVersion,
  identityApiVersion,
  networkApiVersion,
  resourcesApiVersion,
  storageApiVersion,
  vaultApiVersion,
  webApiVersion,
  workspaceApiVersion,
  zoneApiVersion,
} from "../../../relay/deploy/api-versions.ts";
import type { getAzurePreflight } from "../../../relay/deploy/sdk.ts";
import { holdsOutput } from "../../settings/inputs.ts";
import type { Settings } from "../../settings/setting-types.ts";
import { type AzureProfile, azureProfile } from "./azure-profile.ts";
import { hasOwnProvider } from "./own-provider.ts";
import { networkRules, publicAccessOf, safeAccount, safeSite } from "./safe-properties.ts";

/** The settings that determine what a relay needs in Azure. */
export type AzureNeeds = Pick<
  Settings,
  | "environment"
  | "azure"
  | "azureTags"
  | "azureNames"
  | "azureExisting"
  | "privateNetwork"
  | "monthlyBudget"
  | "nodeVersion"
>;

type PreflightArgs = Parameters<typeof getAzurePreflight>[0];

/**
 * What a stack will create in Azure, as far as it is known in advance.
 *
 * @param login the subscription and the login, as azure-native has them
 * @param parent the component whose providers are used; default: those of the stack
 */
export function plannedRelay(
  needs: AzureNeeds,
  login: { readonly subscriptionId: string; readonly tenantId: string; readonly objectId?: string },
  parent?: pulumi.ComponentResource,
): PreflightArgs {
  const profile = azureProfile(needs.environment, needs.azure);
  const { azureNames, azureExisting } = needs;
  // An existing group has its own region, too.
  const isElsewhere = hasOwnProvider(parent) || azureExisting.resourceGroupId !== undefined;
  return {
    subscriptionId: login.subscriptionId,
    stack: `${pulumi.getProject()}/${pulumi.getStack()}`,
    ...(login.objectId && { objectId: login.objectId }),
    ...pickKnown({ resourceGroupId: azureExisting.resourceGroupId }),
    ...pickKnown({ location: isElsewhere ? undefined : new pulumi.Config("azure-native").get("location") }),
    ...pickKnown({ nodeVersion: holdsOutput(needs.nodeVersion) ? undefined : String(needs.nodeVersion) }),
    ...pickKnown({ zoneRedundant: profile.zoneRedundant, storageRedundancy: profile.storageRedundancy }),
    storageAccounts: profile.separateHostStorage ? 2 : 1,
    ...pickKnown({ storageAccountName: azureNames.storageAccount }),
    ...pickKnown({ vaultName: azureExisting.vaultId === undefined ? azureNames.vault : undefined }),
    ...pickKnown({ hostStorageAccountName: profile.separateHostStorage ? azureNames.hostStorageAccount : undefined }),
    actions: neededActions(needs, profile),
    namespaces: needs.privateNetwork.enabled ? ["Microsoft.Network", "Microsoft.App"] : [],
    existing: usedResources(needs, profile, login.subscriptionId),
    resources: holdsOutput([needs.azureTags, profile]) ? [] : plannedResources(needs, profile, login.tenantId),
  };
}

/** The values that are already known. */
function pickKnown<Values extends Readonly<Record<string, unknown>>>(values: Values) {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && !holdsOutput(value));
  return Object.fromEntries(entries) as { [Name in keyof Values]?: Exclude<pulumi.Unwrap<Values[Name]>, undefined> };
}

/** Rights of Azure Resource Manager that an `up` needs (Azure's REST reference: resource provider operations). */
function neededActions({ azureExisting, privateNetwork, monthlyBudget }: AzureNeeds, profile: AzureProfile): string[] {
  const made = [
    "Storage/storageAccounts",
    "Web/serverfarms",
    "Web/sites",
    "Insights/components",
    "Insights/scheduledQueryRules",
    "Insights/metricAlerts",
    "Insights/webtests",
    "Insights/workbooks",
    "Authorization/roleAssignments",
    ...(azureExisting.resourceGroupId === undefined ? ["Resources/subscriptions/resourceGroups"] : []),
    ...(azureExisting.vaultId === undefined ? ["KeyVault/vaults", "KeyVault/vaults/secrets"] : []),
    ...(azureExisting.identityId === undefined ? ["ManagedIdentity/userAssignedIdentities"] : []),
    ...(azureExisting.workspaceId === undefined ? ["OperationalInsights/workspaces"] : []),
    ...(azureExisting.actionGroupIds === undefined ? ["Insights/actionGroups"] : []),
    ...(profile.diagnosticSettings ? ["Insights/diagnosticSettings"] : []),
    ...(profile.deleteLocks ? ["Authorization/locks"] : []),
    ...(azureExisting.vaultId === undefined && profile.secretLifetimeDays !== 0
      ? ["EventGrid/eventSubscriptions"]
      : []),
    ...(privateNetwork.enabled ? ["Network/privateEndpoints", "Network/privateEndpoints/privateDnsZoneGroups"] : []),
    ...(privateNetwork.enabled && privateNetwork.appSubnetId === undefined ? ["Network/virtualNetworks"] : []),
    ...(privateNetwork.enabled && privateNetwork.dnsZoneIds === undefined
      ? ["Network/privateDnsZones", "Network/privateDnsZones/virtualNetworkLinks"]
      : []),
    ...(monthlyBudget > 0 ? ["Consumption/budgets"] : []),
  ];
  return [
    ...made.map((type) => `Microsoft.${type}/write`),
    ...(azureExisting.identityId === undefined ? [assignIdentity] : []),
  ];
}

const assignIdentity = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
const assignRoles = "Microsoft.Authorization/roleAssignments/write";

/**
 * Azure requires this right on the workspace of a diagnostic setting (MicrosoftDocs/azure-docs#80159), and on one that an Application Insights
 * component of another subscription writes to (MicrosoftDocs/azure-monitor-docs#297).
 */
const useWorkspaceKeys = "Microsoft.OperationalInsights/workspaces/sharedKeys/action";

/** Existing resources to use, as far as their ids are known, with the rights that an `up` needs on them. */
function usedResources(
  { azureExisting, privateNetwork }: AzureNeeds,
  { diagnosticSettings }: Pick<AzureProfile, "diagnosticSettings">,
  subscriptionId: string,
) {
  const { resourceGroupId, workspaceId, actionGroupIds, vaultId, identityId } = azureExisting;
  const { appSubnetId, endpointSubnetId, dnsZoneIds } = privateNetwork;
  // The zones that the stack creates are linked to the network (Azure DNS, "Protecting private DNS zones and records").
  const linkedNetworkId = dnsZoneIds === undefined ? appSubnetId?.split("/subnets/")[0] : undefined;
  const useAs = (setting: string, id: unknown, apiVersion: string, actions: string[]) =>
    typeof id === "string" ? [{ setting, id, apiVersion, actions }] : [];
  const use = (setting: string, ...rest: [unknown, string, string[]]) => useAs(`azureExisting.${setting}`, ...rest);
  const joinSubnet = ["Microsoft.Network/virtualNetworks/subnets/join/action"];
  const groups: readonly unknown[] = Array.isArray(actionGroupIds) ? actionGroupIds : [];
  const isOfOthers = typeof workspaceId === "string" && !isIn(workspaceId, subscriptionId);
  const workspaceActions = [
    "Microsoft.OperationalInsights/workspaces/read",
    ...(diagnosticSettings || isOfOthers ? [useWorkspaceKeys] : []),
  ];
  return [
    ...use("resourceGroupId", resourceGroupId, resourcesApiVersion, []),
    ...use("workspaceId", workspaceId, workspaceApiVersion, workspaceActions),
    ...groups.flatMap((id, index) =>
      use(`actionGroupIds[${index}]`, id, actionGroupApiVersion, ["Microsoft.Insights/actionGroups/read"]),
    ),
    ...use("vaultId", vaultId, vaultApiVersion, ["Microsoft.KeyVault/vaults/secrets/write", assignRoles]),
    ...use("identityId", identityId, identityApiVersion, [assignIdentity]),
    ...useAs("privateNetwork.appSubnetId", appSubnetId, networkApiVersion, joinSubnet),
    ...useAs("privateNetwork.endpointSubnetId", endpointSubnetId, networkApiVersion, joinSubnet),
    ...useAs("privateNetwork.appSubnetId", linkedNetworkId, networkApiVersion, [
      "Microsoft.Network/virtualNetworks/join/action",
    ]),
    ...Object.entries(dnsZoneIds ?? {}).flatMap(([service, id]) =>
      useAs(`privateNetwork.dnsZoneIds.${service}`, id, zoneApiVersion, [
        "Microsoft.Network/privateDnsZones/join/action",
      ]),
    ),
  ];
}

function isIn(id: string, subscriptionId: string): boolean {
  return id.toLowerCase().startsWith(`/subscriptions/${subscriptionId}/`.toLowerCase());
}

/** The resources that most policies are about, as sent to Azure. */
function plannedResources(
  { azureTags, azureExisting, privateNetwork }: AzureNeeds,
  profile: AzureProfile,
  tenantId: string,
) {
  const { enableHttpsTrafficOnly, ...account } = safeAccount;
  const access = publicAccessOf(privateNetwork);
  // A policy can only ask whether there is a subnet of a network that does not exist yet.
  const { appSubnetId = "/virtualNetworks/<new>/subnets/app" } = privateNetwork;
  const network = access && { publicNetworkAccess: access, networkAcls: networkRules(access) };
  const group = {
    type: "Microsoft.Resources/subscriptions/resourceGroups",
    apiVersion: resourcesApiVersion,
    properties: {},
  };
  const vault = {
    type: "Microsoft.KeyVault/vaults",
    apiVersion: vaultApiVersion,
    properties: {
      tenantId,
      sku: { family: "A", name: "standard" },
      enableRbacAuthorization: true,
      softDeleteRetentionInDays: profile.vaultRetentionDays,
      ...network,
      ...(profile.purgeProtection === true && { enablePurgeProtection: true }),
    },
  };
  const resources = [
    ...(azureExisting.resourceGroupId === undefined ? [group] : []),
    {
      type: "Microsoft.Storage/storageAccounts",
      apiVersion: storageApiVersion,
      kind: "StorageV2",
      sku: { name: `Standard_${profile.storageRedundancy as string}` },
      // azure-native has another name for it.
      properties: { ...account, supportsHttpsTrafficOnly: enableHttpsTrafficOnly, ...network },
    },
    ...(azureExisting.vaultId === undefined ? [vault] : []),
    {
      type: "Microsoft.Web/serverfarms",
      apiVersion: webApiVersion,
      kind: "functionapp",
      sku: { name: "FC1", tier: "FlexConsumption" },
      properties: { reserved: true, zoneRedundant: profile.zoneRedundant },
    },
    {
      type: "Microsoft.Web/sites",
      apiVersion: webApiVersion,
      kind: "functionapp,linux",
      identity: { type: "UserAssigned" },
      properties: { ...safeSite, ...(privateNetwork.enabled && { virtualNetworkSubnetId: appSubnetId }) },
    },
  ];
  return resources.map(({ type, apiVersion, ...content }) => ({
    type,
    apiVersion,
    content: { ...content, tags: azureTags },
  }));
}
