import { isMap } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import { refuseName } from "../arm/resource-names.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../arm/subscription.ts";
import { parseRoleCondition } from "../identity/role-conditions.ts";
import { findRole } from "../identity/role-definitions.ts";
import { refuseMissingReference, refuseNetwork, refusePrivateEndpoint } from "../network/network-refusals.ts";
import type { AzureSwitches } from "../switches.ts";
import { refuseDiagnosticSetting } from "./diagnostic-refusals.ts";
import { refuseEventSubscription } from "./event-refusals.ts";
import { refuseFlexSettings, refusePlan, refuseSite } from "./flex-refusals.ts";
import { refuseLock } from "./lock-refusals.ts";
import { refuseLogAlert, refuseMetricAlert, refuseWebTest } from "./monitoring/alert-refusals.ts";
import { refuseBudget } from "./monitoring/budget-refusals.ts";
import { refuseByPolicy } from "./policies.ts";
import { refuseAccount, refuseBlobService } from "./storage-refusals.ts";
import { refuseLogTable } from "./table-refusals.ts";
import { refuseSecret, refuseVault } from "./vault-refusals.ts";

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

type Refusal = (request: ResourceRequest, subscription: Subscription, switches: AzureSwitches) => void;

/** Throws the `ArmError` if Azure refuses the resource. */
export function refuseResource(request: ResourceRequest, subscription: Subscription, switches: AzureSwitches): void {
  refuseName(request);
  refuseUnregistered(request, switches);
  refuseMissingParent(request, subscription);
  refuseByPolicy(request, switches);
  refusals[request.type.token]?.(request, subscription, switches);
}

function refuseUnregistered({ type }: ResourceRequest, { unregisteredProviders }: AzureSwitches): void {
  const namespace = type.armType.split("/")[0] ?? "";
  if (!unregisteredProviders.includes(namespace)) return;
  const message =
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to ` +
    "register subscriptions.";
  throw new ArmError(409, "MissingSubscriptionRegistration", message);
}

function refuseMissingParent({ id }: ResourceRequest, subscription: Subscription): void {
  const groupId = id.match(/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+(?=\/)/i)?.[0];
  if (groupId !== undefined && !subscription.exists(groupId)) {
    const name = groupId.split("/").at(-1);
    throw new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
  }
  const parent = parentOf(id);
  if (parent !== undefined && !subscription.exists(parent)) {
    const name = parent
      .replace(/\/(queue|blob)Services\/default$/i, "")
      .split("/")
      .at(-1);
    throw new ArmError(
      404,
      "ParentResourceNotFound",
      `Can not perform requested operation on nested resource. Parent resource '${name}' not found.`,
    );
  }
}

/** The resource that another one is part of or attached to; undefined for one directly in a group. */
function parentOf(id: string): string | undefined {
  const attached = id.match(
    /^(.*)\/providers\/Microsoft\.(?:Authorization|Insights|EventGrid)\/(?:roleAssignments|diagnosticSettings|locks|eventSubscriptions)\/[^/]+$/i,
  );
  if (attached) return attached[1];
  const [, scope, segments] = id.match(/^(.*\/providers\/[^/]+)\/(.+)$/) ?? [];
  const parts = segments?.split("/") ?? [];
  return parts.length > 2 ? `${scope}/${parts.slice(0, -2).join("/")}` : undefined;
}

const refusals: Record<string, Refusal> = {
  "azure-native:storage:StorageAccount": refuseAccount,
  "azure-native:storage:BlobServiceProperties": refuseBlobService,
  "azure-native:authorization:ManagementLockByScope": refuseLock,
  "azure-native:consumption:Budget": refuseBudget,
  "azure-native:monitor:DiagnosticSetting": refuseDiagnosticSetting,
  "azure-native:storage:Queue": (request, subscription, switches) => {
    refuseDnsName(request.name);
    refuseBeingDeleted(request, "Queue", subscription, switches);
  },
  "azure-native:storage:BlobContainer": (request, subscription, switches) => {
    const { name, inputs } = request;
    refuseDnsName(name);
    refuseBeingDeleted(request, "Container", subscription, switches);
    const access = textAt(inputs, "publicAccess");
    const account = subscription.findByName("storage:StorageAccount", textAt(inputs, "accountName"));
    if (access === "" || access === "None" || plainValueAt(account?.inputs ?? {}, "allowBlobPublicAccess") === true) {
      return;
    }
    throw new ArmError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.");
  },
  "azure-native:storage:QueueServiceProperties": ({ name }) => {
    if (name !== "default") {
      throw new ArmError(
        400,
        "InvalidValuesForRequestParameters",
        "Values for request parameters are invalid: queueServiceName.",
      );
    }
  },
  "azure-native:storage:ManagementPolicy": ({ name }) => {
    if (name !== "default") {
      throw new ArmError(
        400,
        "InvalidValuesForRequestParameters",
        "Values for request parameters are invalid: managementPolicyName.",
      );
    }
  },
  "azure-native:storage:Blob": ({ inputs }, subscription) => {
    const account = subscription.findByName("storage:StorageAccount", textAt(inputs, "accountName"));
    if (plainValueAt(account?.inputs ?? {}, "allowSharedKeyAccess") !== false) return;
    const message = "Key based authentication is not permitted on this storage account.";
    throw new ArmError(403, "KeyBasedAuthenticationNotPermitted", message);
  },
  "azure-native:web:AppServicePlan": refusePlan,
  "azure-native:network:PrivateEndpoint": refusePrivateEndpoint,
  "azure-native:network:VirtualNetwork": refuseNetwork,
  "azure-native:network:PrivateDnsZoneGroup": refuseMissingReference,
  "azure-native:privatedns:VirtualNetworkLink": refuseMissingReference,
  "azure-native:web:WebApp": refuseSite,
  "azure-native:web:WebAppApplicationSettings": ({ inputs, id }, subscription) => {
    const properties = plainValueAt(inputs, "properties");
    const siteId = id.replace(/\/config\/appsettings$/i, "");
    refuseFlexSettings(subscription, siteId, isMap(properties) ? Object.keys(properties) : []);
  },
  "azure-native:keyvault:Vault": refuseVault,
  "azure-native:keyvault:Secret": refuseSecret,
  "azure-native:authorization:RoleAssignment": refuseRoleAssignment,
  "azure-native:applicationinsights:Workbook": ({ name }) => {
    if (guid.test(name)) return;
    throw new ArmError(400, "BadRequest", `The workbook resource name '${name}' is not valid: it must be a GUID.`);
  },
  "azure-native:operationalinsights:Table": refuseLogTable,
  "azure-native:monitor:ActionGroup": (request) =>
    refuseLocation(request, "global,swedencentral,germanywestcentral,northcentralus,southcentralus,eastus2,westus"),
  "azure-native:monitor:MetricAlert": (request, subscription) => {
    refuseLocation(request, "global");
    refuseMetricAlert(request, subscription);
  },
  "azure-native:monitor:ScheduledQueryRule": refuseLogAlert,
  "azure-native:eventgrid:EventSubscription": refuseEventSubscription,
  "azure-native:applicationinsights:WebTest": refuseWebTest,
  "azure-native:resources:Deployment": () => {
    throw new ArmError(501, "NotImplemented", "The local cloud does not evaluate ARM templates.");
  },
};

/** Names of queues and containers (Microsoft Learn, "Naming Queues and Metadata", "Naming … Containers"). */
function refuseDnsName(name: string): void {
  const isContainerOfItsOwn = ["$root", "$web", "$logs"].includes(name);
  if (isContainerOfItsOwn || (/^[a-z0-9](-?[a-z0-9])+$/.test(name) && name.length >= 3 && name.length <= 63)) return;
  throw new ArmError(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
}

/**
 * For some time after a deletion the name can't be used again ("Delete Queue", "Delete Container"): Azure removes the old content first,
 * which Azurite does at once.
 */
function refuseBeingDeleted(
  { id, existing }: ResourceRequest,
  kind: "Queue" | "Container",
  subscription: Subscription,
  { deletedNameSeconds }: AzureSwitches,
): void {
  const deletedAt = subscription.deletedContents.get(id.toLowerCase());
  if (existing || deletedAt === undefined || Date.now() - deletedAt >= deletedNameSeconds * 1000) return;
  throw new ArmError(
    409,
    `${kind}BeingDeleted`,
    `The specified ${kind.toLowerCase()} is being deleted. Try operation later.`,
  );
}

function refuseLocation({ inputs, type }: ResourceRequest, available: string): void {
  const location = textAt(inputs, "location").toLowerCase().replaceAll(" ", "");
  if (available.split(",").includes(location)) return;
  throw new ArmError(
    400,
    "LocationNotAvailableForResourceType",
    `The provided location '${location}' is not available for resource type '${type.armType}'. ` +
      `List of available regions for the resource type is '${available}'.`,
  );
}

function refuseRoleAssignment({ name, inputs, existing, id }: ResourceRequest, subscription: Subscription): void {
  const principalId = textAt(inputs, "principalId");
  const roleDefinitionId = textAt(inputs, "roleDefinitionId");
  refuseCondition(textAt(inputs, "condition"), textAt(inputs, "conditionVersion"));
  if (existing) {
    const isSame = (name: string) => textAt(existing.inputs, name).toLowerCase() === textAt(inputs, name).toLowerCase();
    if (isSame("roleDefinitionId") && isSame("principalId")) return;
    const message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
    throw new ArmError(400, "RoleAssignmentUpdateNotPermitted", message);
  }
  if (!guid.test(name)) {
    const message = `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`;
    throw new ArmError(400, "InvalidRoleAssignmentId", message);
  }
  const role = findRole(roleDefinitionId);
  if (role === undefined || !/\/providers\/Microsoft\.Authorization\/roleDefinitions\//i.test(roleDefinitionId)) {
    const shown = roleDefinitionId.split("/").at(-1);
    throw new ArmError(
      400,
      "RoleDefinitionDoesNotExist",
      `The specified role definition with ID '${shown}' does not exist.`,
    );
  }
  // The directory may not know a new identity yet. Azure skips the lookup only if the principal type is given.
  const isManagedIdentity = subscription.identities().some(({ objectId }) => objectId === principalId);
  if (isManagedIdentity && textAt(inputs, "principalType") !== "ServicePrincipal") {
    const message =
      `Principal ${principalId.replaceAll("-", "")} does not exist in the directory ${subscription.tenantId}. ` +
      "Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, " +
      "this error might be related to a replication delay. In this case, set the role assignment principalType property to a " +
      "value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype";
    throw new ArmError(400, "PrincipalNotFound", message);
  }
  const twin = subscription
    .list("authorization:RoleAssignment")
    .find(
      (other) =>
        other.id.toLowerCase() !== id.toLowerCase() &&
        textAt(other.inputs, "principalId") === principalId &&
        findRole(textAt(other.inputs, "roleDefinitionId")) === role &&
        textAt(other.inputs, "scope").toLowerCase() === textAt(inputs, "scope").toLowerCase(),
    );
  if (twin) throw new ArmError(409, "RoleAssignmentExists", "The role assignment already exists.");
}

function refuseCondition(condition: string, version: string): void {
  if (condition === "") return;
  const refuse = (reason: string) => {
    throw new ArmError(400, "BadRequest", `The condition of the role assignment can't be used: ${reason}.`);
  };
  if (version !== "2.0") refuse(`its conditionVersion is '${version}', not '2.0'`);
  try {
    parseRoleCondition(condition);
  } catch (error) {
    refuse((error as Error).message);
  }
}
