/** How azure-native names a resource whose name input is missing; `none`: the input is required. */
type AutoName = "random" | "copy" | "uuid" | "none";

/** One resource type of azure-native 3.28.0. */
export interface ResourceType {
  readonly token: string;
  /** ARM type, the `type` output. */
  readonly armType: string;
  readonly apiVersion: string;
  /** The resource id; `{braces}` are inputs, each of which replaces the resource when it changes. */
  readonly id: string;
  readonly nameInput: string;
  readonly autoName: AutoName;
  /** Whether it is in a region: `location` is a required input with a default. */
  readonly located: boolean;
  /** Further inputs (or input paths) that replace the resource when they change. */
  readonly replaceOn: readonly string[];
  /** Outputs that only Azure knows, so they are unknown in a preview. */
  readonly computed: readonly string[];
  /** Whether it is part of its parent and exists as soon as the parent does: it is adopted on create and reset on delete. */
  readonly singleton: boolean;
}

const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const account = `${group}/providers/Microsoft.Storage/storageAccounts/{accountName}`;
const site = `${group}/providers/Microsoft.Web/sites/{name}`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/{vaultName}`;

type Definition = Pick<ResourceType, "armType" | "apiVersion" | "id" | "nameInput"> & Partial<ResourceType>;

/** Default API versions behind azure-native 3.28.0's unversioned names; ids by Azure's REST references. */
const definitions: Record<string, Definition> = {
  "resources:ResourceGroup": {
    armType: "Microsoft.Resources/resourceGroups",
    apiVersion: "2024-03-01",
    id: group,
    nameInput: "resourceGroupName",
    located: true,
    replaceOn: ["location"],
  },
  "storage:StorageAccount": {
    armType: "Microsoft.Storage/storageAccounts",
    apiVersion: "2024-01-01",
    id: account,
    nameInput: "accountName",
    located: true,
    replaceOn: ["location", "isHnsEnabled", "encryption.requireInfrastructureEncryption"],
    computed: ["primaryEndpoints", "primaryLocation", "statusOfPrimary", "creationTime", "provisioningState"],
  },
  "storage:Queue": {
    armType: "Microsoft.Storage/storageAccounts/queueServices/queues",
    apiVersion: "2024-01-01",
    id: `${account}/queueServices/default/queues/{queueName}`,
    nameInput: "queueName",
    computed: ["approximateMessageCount"],
  },
  "storage:QueueServiceProperties": {
    armType: "Microsoft.Storage/storageAccounts/queueServices",
    apiVersion: "2024-01-01",
    id: `${account}/queueServices/{queueServiceName}`,
    nameInput: "queueServiceName",
    singleton: true,
  },
  "storage:BlobServiceProperties": {
    armType: "Microsoft.Storage/storageAccounts/blobServices",
    apiVersion: "2024-01-01",
    id: `${account}/blobServices/{blobServicesName}`,
    nameInput: "blobServicesName",
    singleton: true,
  },
  "storage:BlobContainer": {
    armType: "Microsoft.Storage/storageAccounts/blobServices/containers",
    apiVersion: "2024-01-01",
    id: `${account}/blobServices/default/containers/{containerName}`,
    nameInput: "containerName",
    computed: ["etag", "lastModifiedTime", "leaseState", "leaseStatus", "hasImmutabilityPolicy", "hasLegalHold"],
  },
  "storage:Blob": {
    armType: "Microsoft.Storage/storageAccounts/blobServices/containers/blobs",
    apiVersion: "",
    id: `${account}/blobServices/default/containers/{containerName}/blobs/{blobName}`,
    nameInput: "blobName",
    replaceOn: ["source", "contentMd5", "type"],
    computed: ["url"],
  },
  "storage:ManagementPolicy": {
    armType: "Microsoft.Storage/storageAccounts/managementPolicies",
    apiVersion: "2024-01-01",
    id: `${account}/managementPolicies/{managementPolicyName}`,
    nameInput: "managementPolicyName",
    computed: ["lastModifiedTime"],
  },
  "web:AppServicePlan": {
    armType: "Microsoft.Web/serverfarms",
    apiVersion: "2025-05-01",
    id: `${group}/providers/Microsoft.Web/serverfarms/{name}`,
    nameInput: "name",
    located: true,
    replaceOn: ["location"],
    computed: ["status", "geoRegion", "numberOfSites", "provisioningState", "resourceGroup", "subscription"],
  },
  "web:WebApp": {
    armType: "Microsoft.Web/sites",
    apiVersion: "2025-05-01",
    id: site,
    nameInput: "name",
    located: true,
    replaceOn: ["location", "kind"],
    computed: [
      "defaultHostName",
      "hostNames",
      "hostNameSslStates",
      "enabledHostNames",
      "state",
      "usageState",
      "identity",
      "availabilityState",
      "outboundIpAddresses",
      "possibleOutboundIpAddresses",
      "customDomainVerificationId",
      "lastModifiedTimeUtc",
      "repositorySiteName",
      "resourceGroup",
    ],
  },
  "web:WebAppApplicationSettings": {
    armType: "Microsoft.Web/sites/config",
    apiVersion: "2025-05-01",
    id: `${site}/config/appsettings`,
    nameInput: "name",
    autoName: "none",
    singleton: true,
  },
  "web:WebAppFtpAllowed": {
    armType: "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
    apiVersion: "2025-05-01",
    id: `${site}/basicPublishingCredentialsPolicies/ftp`,
    nameInput: "name",
    autoName: "none",
    singleton: true,
  },
  "web:WebAppScmAllowed": {
    armType: "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
    apiVersion: "2025-05-01",
    id: `${site}/basicPublishingCredentialsPolicies/scm`,
    nameInput: "name",
    autoName: "none",
    singleton: true,
  },
  "web:WebAppAuthSettingsV2": {
    armType: "Microsoft.Web/sites/config",
    apiVersion: "2025-05-01",
    id: `${site}/config/authsettingsV2`,
    nameInput: "name",
    autoName: "none",
    singleton: true,
  },
  "keyvault:Vault": {
    armType: "Microsoft.KeyVault/vaults",
    apiVersion: "2024-11-01",
    id: vault,
    nameInput: "vaultName",
    located: true,
    replaceOn: ["location"],
    computed: ["properties.vaultUri", "properties.provisioningState"],
  },
  "keyvault:Secret": {
    armType: "Microsoft.KeyVault/vaults/secrets",
    apiVersion: "2024-11-01",
    id: `${vault}/secrets/{secretName}`,
    nameInput: "secretName",
    computed: ["properties.secretUri", "properties.secretUriWithVersion"],
  },
  "authorization:RoleAssignment": {
    armType: "Microsoft.Authorization/roleAssignments",
    apiVersion: "2022-04-01",
    id: "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    nameInput: "roleAssignmentName",
    autoName: "uuid",
    replaceOn: ["principalId"],
    computed: ["createdOn", "updatedOn", "createdBy", "updatedBy"],
  },
  "authorization:ManagementLockByScope": {
    armType: "Microsoft.Authorization/locks",
    apiVersion: "2020-05-01",
    id: "{scope}/providers/Microsoft.Authorization/locks/{lockName}",
    nameInput: "lockName",
  },
  "managedidentity:UserAssignedIdentity": {
    armType: "Microsoft.ManagedIdentity/userAssignedIdentities",
    apiVersion: "2023-01-31",
    id: `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}`,
    nameInput: "resourceName",
    located: true,
    replaceOn: ["location"],
    computed: ["principalId", "clientId", "tenantId"],
  },
  "applicationinsights:Component": {
    armType: "Microsoft.Insights/components",
    apiVersion: "2020-02-02",
    id: `${group}/providers/Microsoft.Insights/components/{resourceName}`,
    nameInput: "resourceName",
    located: true,
    replaceOn: ["location"],
    computed: [
      "connectionString",
      "instrumentationKey",
      "appId",
      "applicationId",
      "creationDate",
      "provisioningState",
      "tenantId",
    ],
  },
  "applicationinsights:Workbook": {
    armType: "Microsoft.Insights/workbooks",
    apiVersion: "2023-06-01",
    id: `${group}/providers/Microsoft.Insights/workbooks/{resourceName}`,
    nameInput: "resourceName",
    autoName: "uuid",
    located: true,
    computed: ["timeModified", "revision", "userId", "etag"],
  },
  "applicationinsights:WebTest": {
    armType: "Microsoft.Insights/webtests",
    apiVersion: "2022-06-15",
    id: `${group}/providers/Microsoft.Insights/webtests/{webTestName}`,
    nameInput: "webTestName",
    located: true,
    replaceOn: ["location"],
    computed: ["provisioningState"],
  },
  "operationalinsights:Workspace": {
    armType: "Microsoft.OperationalInsights/workspaces",
    apiVersion: "2023-09-01",
    id: `${group}/providers/Microsoft.OperationalInsights/workspaces/{workspaceName}`,
    nameInput: "workspaceName",
    located: true,
    replaceOn: ["location"],
    computed: ["customerId", "createdDate", "modifiedDate", "provisioningState", "etag"],
  },
  "operationalinsights:Table": {
    armType: "Microsoft.OperationalInsights/workspaces/tables",
    apiVersion: "2023-09-01",
    id: `${group}/providers/Microsoft.OperationalInsights/workspaces/{workspaceName}/tables/{tableName}`,
    nameInput: "tableName",
    computed: ["provisioningState"],
  },
  "monitor:ActionGroup": {
    armType: "Microsoft.Insights/actionGroups",
    apiVersion: "2024-10-01-preview",
    id: `${group}/providers/Microsoft.Insights/actionGroups/{actionGroupName}`,
    nameInput: "actionGroupName",
    located: true,
    replaceOn: ["location"],
  },
  "monitor:MetricAlert": {
    armType: "Microsoft.Insights/metricAlerts",
    apiVersion: "2018-03-01",
    id: `${group}/providers/Microsoft.Insights/metricAlerts/{ruleName}`,
    nameInput: "ruleName",
    located: true,
    replaceOn: ["location"],
    computed: ["lastUpdatedTime", "isMigrated"],
  },
  "monitor:ScheduledQueryRule": {
    armType: "Microsoft.Insights/scheduledQueryRules",
    apiVersion: "2025-01-01-preview",
    id: `${group}/providers/Microsoft.Insights/scheduledQueryRules/{ruleName}`,
    nameInput: "ruleName",
    located: true,
    // From azure-native's tests: a rule's scopes can't be changed in place.
    replaceOn: ["location", "scopes"],
    computed: ["createdWithApiVersion", "etag"],
  },
  "monitor:DiagnosticSetting": {
    armType: "Microsoft.Insights/diagnosticSettings",
    apiVersion: "2021-05-01-preview",
    id: "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
    nameInput: "name",
  },
  "eventgrid:EventSubscription": {
    armType: "Microsoft.EventGrid/eventSubscriptions",
    apiVersion: "2025-02-15",
    id: "{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{eventSubscriptionName}",
    nameInput: "eventSubscriptionName",
    computed: ["provisioningState", "systemData"],
  },
  "network:VirtualNetwork": {
    armType: "Microsoft.Network/virtualNetworks",
    apiVersion: "2024-05-01",
    id: `${group}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}`,
    nameInput: "virtualNetworkName",
    located: true,
    replaceOn: ["location"],
    computed: ["provisioningState"],
  },
  "network:Subnet": {
    armType: "Microsoft.Network/virtualNetworks/subnets",
    apiVersion: "2024-05-01",
    id: `${group}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}`,
    nameInput: "subnetName",
    computed: ["provisioningState"],
  },
  "network:PrivateEndpoint": {
    armType: "Microsoft.Network/privateEndpoints",
    apiVersion: "2024-05-01",
    id: `${group}/providers/Microsoft.Network/privateEndpoints/{privateEndpointName}`,
    nameInput: "privateEndpointName",
    located: true,
    replaceOn: ["location"],
    computed: ["provisioningState"],
  },
  "network:PrivateDnsZoneGroup": {
    armType: "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    apiVersion: "2024-05-01",
    id: `${group}/providers/Microsoft.Network/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}`,
    nameInput: "privateDnsZoneGroupName",
    computed: ["provisioningState"],
  },
  "privatedns:PrivateZone": {
    armType: "Microsoft.Network/privateDnsZones",
    apiVersion: "2024-06-01",
    id: `${group}/providers/Microsoft.Network/privateDnsZones/{privateZoneName}`,
    nameInput: "privateZoneName",
    located: true,
    computed: ["provisioningState"],
  },
  "privatedns:VirtualNetworkLink": {
    armType: "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    apiVersion: "2024-06-01",
    id: `${group}/providers/Microsoft.Network/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}`,
    nameInput: "virtualNetworkLinkName",
    located: true,
    computed: ["provisioningState"],
  },
  "consumption:Budget": {
    armType: "Microsoft.Consumption/budgets",
    apiVersion: "2024-08-01",
    id: "{scope}/providers/Microsoft.Consumption/budgets/{budgetName}",
    nameInput: "budgetName",
    computed: ["currentSpend", "forecastSpend"],
  },
  "portal:Dashboard": {
    armType: "Microsoft.Portal/dashboards",
    apiVersion: "2022-12-01-preview",
    id: `${group}/providers/Microsoft.Portal/dashboards/{dashboardName}`,
    nameInput: "dashboardName",
    located: true,
    replaceOn: ["location"],
  },
  "resources:Deployment": {
    armType: "Microsoft.Resources/deployments",
    apiVersion: "2024-03-01",
    id: `${group}/providers/Microsoft.Resources/deployments/{deploymentName}`,
    nameInput: "deploymentName",
    autoName: "random",
    computed: ["properties.outputs", "properties.provisioningState"],
  },
  "resources:Resource": {
    armType: "",
    apiVersion: "2024-03-01",
    id: `${group}/providers/{resourceProviderNamespace}/{parentResourcePath}/{resourceType}/{resourceName}`,
    nameInput: "resourceName",
    replaceOn: ["location"],
  },
};

export const armResourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  Object.entries(definitions).map(([name, definition]) => {
    const token = `azure-native:${name}`;
    // azure-native adds random digits to the name of a regional resource; a child resource gets the program's name.
    const autoName = definition.located === true ? "random" : "copy";
    const rest = { located: false, replaceOn: [], computed: [], singleton: false };
    return [token, { autoName, ...rest, ...definition, token }] as const;
  }),
);
