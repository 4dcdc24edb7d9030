import { accountType, type CheckedResource, siteProperties, vaultType } from "./checked-resource.ts";

/** A violation by a resource, with the setting that fixes it; undefined without one, or if the rule does not apply. */
export type ResourceRule = (resource: CheckedResource) => string | undefined;

const isTls12 = (version: unknown) => version === "1.2" || version === "1.3";

export const forbidPublicBlobs: ResourceRule = ({ type, props }) => {
  if (type === accountType && props.allowBlobPublicAccess !== false) {
    return "The storage account lets containers be public: set allowBlobPublicAccess to false.";
  }
  const access = containerAccess({ type, props });
  if (access === undefined || access === "None") return undefined;
  return `The container is public (${access}): set publicAccess to None.`;
};

function containerAccess({ type, props }: Pick<CheckedResource, "type" | "props">): string | undefined {
  if (type === "azure-native:storage:BlobContainer") return props.publicAccess;
  const isContainer = type === "customerio-aep:index:ArmResource" && /\/containers\/[^/]+$/i.test(props.path);
  return isContainer ? props.body?.properties?.publicAccess : undefined;
}

export const forbidSharedKeys: ResourceRule = ({ type, props }) =>
  type === accountType && props.allowSharedKeyAccess !== false
    ? "The storage account accepts its keys: set allowSharedKeyAccess to false, and use identities."
    : undefined;

export const requireTls: ResourceRule = (resource) => {
  const { type, props } = resource;
  if (type === accountType) {
    if (props.enableHttpsTrafficOnly === false) {
      return "The storage account accepts calls without TLS: set enableHttpsTrafficOnly.";
    }
    const isNew = ["TLS1_2", "TLS1_3"].includes(props.minimumTlsVersion);
    return isNew ? undefined : "The storage account accepts TLS below 1.2: set minimumTlsVersion to TLS1_2.";
  }
  const site = siteProperties(resource);
  if (site === undefined) return undefined;
  if (site.httpsOnly !== true) return "The function app accepts calls without TLS: set httpsOnly.";
  const { minTlsVersion, scmMinTlsVersion } = site.siteConfig ?? {};
  if (isTls12(minTlsVersion) && isTls12(scmMinTlsVersion)) return undefined;
  return "The function app or its deployment site accepts TLS below 1.2: set minTlsVersion and scmMinTlsVersion to 1.2.";
};

export const requireZoneRedundantStorage: ResourceRule = ({ type, props }) => {
  const sku = props.sku?.name;
  if (type !== accountType || /ZRS$/.test(sku)) return undefined;
  return (
    `The storage account has the redundancy ${sku}, so accepted events are kept in only one datacenter. Run: ` +
    "npx pulumi config set --path azure.storageRedundancy ZRS"
  );
};

export const requirePurgeProtection: ResourceRule = ({ type, props }) => {
  if (type !== vaultType || props.properties?.enablePurgeProtection === true) return undefined;
  return "Anyone may purge the deleted vault. Run: npx pulumi config set --path azure.purgeProtection true";
};

/** Types among a relay's resources that have an input `tags`. */
const taggedTypes = new Set(
  [
    "resources:ResourceGroup",
    "storage:StorageAccount",
    "keyvault:Vault",
    "managedidentity:UserAssignedIdentity",
    "operationalinsights:Workspace",
    "applicationinsights:Component",
    "applicationinsights:WebTest",
    "monitor:ActionGroup",
    "monitor:MetricAlert",
    "monitor:ScheduledQueryRule",
    "web:WebApp",
    "web:AppServicePlan",
  ].map((type) => `azure-native:${type}`),
);
/** Names of tags that Azure DNS keeps, on a private zone and on its link to a network (Microsoft, "Use tags to organize your Azure resources"). */
const zoneTagName = /^[A-Za-z_][\w.-]*$/;

/** Types with an input `body`. */
const bodyTypes = new Set(
  ["ArmResource", "AppServicePlan", "FunctionApp"].map((type) => `customerio-aep:index:${type}`),
);

/** The required tags that a resource lacks. */
export function findMissingTags({ type, props }: CheckedResource, required: readonly string[]): string | undefined {
  // First, since Pulumi can't run a rule that reads a value which the preview does not know, and says so for each resource.
  if (required.length === 0) return undefined;
  if (taggedTypes.has(type)) return explainMissingTags(props.tags, required);
  const isPart = type === "customerio-aep:index:ArmResource" && props.body?.location === undefined;
  // Resources with a location accept tags; child resources do not.
  if (!bodyTypes.has(type) || isPart) return undefined;
  const isZone =
    String(props.path).includes("/privateDnsZones/") || props.body?.properties?.registrationEnabled !== undefined;
  const possible = isZone ? required.filter((name) => zoneTagName.test(name)) : required;
  return explainMissingTags(props.body?.tags, possible);
}

function explainMissingTags(tags: object = {}, required: readonly string[]): string | undefined {
  const missing = required.filter((name) => !(name in tags));
  if (missing.length === 0) return undefined;
  return `The resource lacks the tag ${missing.join(", ")}. Run: npx pulumi config set --path 'azureTags["${missing[0]}"]' <value>`;
}
