import { isMap, type PropertyValue } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Resource, type Subscription, textAt } from "../arm/subscription.ts";
import { brokenRule } from "../network/access-restrictions.ts";
import { refuseAppSubnet } from "../network/network-refusals.ts";
import type { AzureSwitches } from "../switches.ts";
import { hasZones, offersFlex } from "./regions.ts";

/** Site configuration that a Flex Consumption app may not have, whatever the value (error 51021, from public issues). */
const forbiddenConfiguration = [
  "netFrameworkVersion",
  "linuxFxVersion",
  "windowsFxVersion",
  "ftpsState",
  "use32BitWorkerProcess",
  "functionsRuntimeScaleMonitoringEnabled",
  "functionAppScaleLimit",
];

/** Settings that a Flex Consumption app may not have (Microsoft Learn, "Flex Consumption plan deprecations"). */
const forbiddenSetting =
  /^(FUNCTIONS_WORKER_RUNTIME(_VERSION)?|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_MAX_HTTP_CONCURRENCY|FUNCTIONS_WORKER_PROCESS_COUNT|FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|WEBSITE_NODE_DEFAULT_VERSION|WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT|WEBSITE_SKIP_CONTENTSHARE_VALIDATION|WEBSITE_DNS_SERVER|WEBSITE_VNET_ROUTE_ALL)$/i;

const instanceSizes = [512, 2048, 4096];

/** What Azure refuses about a plan. */
export function refusePlan({ inputs }: ResourceRequest, _subscription: Subscription, switches: AzureSwitches): void {
  const location = textAt(inputs, "location");
  const sku = textAt(inputs, "sku.name");
  if (sku === "FC1" && !offersFlex(location, switches)) {
    throw new ArmError(400, "BadRequest", `The SKU '${sku}' is not available in the region '${location}'.`);
  }
  if (plainValueAt(inputs, "zoneRedundant") !== true || hasZones(location, switches)) return;
  const message = `Zone redundancy is not supported for plans of the SKU '${sku}' in the region '${location}'.`;
  throw new ArmError(400, "BadRequest", message);
}

/** What Azure refuses about a site, mostly about apps on a Flex Consumption plan. */
export function refuseSite(request: ResourceRequest, subscription: Subscription): void {
  const { id, name, inputs, existing } = request;
  const taken = subscription.findByName("web:WebApp", name);
  if (taken && taken.id.toLowerCase() !== id.toLowerCase()) {
    throw new ArmError(409, "Conflict", `Website with given name ${name} already exists.`);
  }
  refuseIdentities(request, subscription);
  const planId = textAt(inputs, "serverFarmId");
  const plan = planId === "" ? undefined : subscription.get(planId);
  if (plan === undefined) {
    throw new ArmError(404, "NotFound", `Cannot find ServerFarm with name ${planId.split("/").at(-1)}.`);
  }
  if (textAt(plan.inputs, "sku.name") !== "FC1") return;
  const other = sitesOn(subscription, plan.id).find((site) => site.id.toLowerCase() !== id.toLowerCase());
  if (!existing && other) {
    const message = `A Flex Consumption plan can host one app only, and '${plan.name}' hosts '${other.name}' already.`;
    throw new ArmError(409, "Conflict", message);
  }
  refuseConfiguration(plainValueAt(inputs, "siteConfig"));
  refuseAppSubnet(request, subscription);
  if (!isMap(plainValueAt(inputs, "functionAppConfig"))) {
    throw invalid(
      "Site.FunctionAppConfig",
      "The FunctionAppConfig section was not specified in the request, which is required for Flex Consumption sites. " +
        "To proceed, please add the FunctionAppConfig section in your request.",
    );
  }
  refuseScale(request);
  refuseDeploymentStorage(request, subscription);
}

/** The apps that a plan hosts. */
export function sitesOn(subscription: Subscription, planId: string): Resource[] {
  return subscription
    .list("web:WebApp")
    .filter(({ inputs }) => textAt(inputs, "serverFarmId").toLowerCase() === planId.toLowerCase());
}

/** Refuses app settings that a site on a Flex Consumption plan may not have. */
export function refuseFlexSettings(subscription: Subscription, siteId: string, names: readonly string[]): void {
  const site = subscription.get(siteId);
  const plan = site && subscription.get(textAt(site.inputs, "serverFarmId"));
  if (plan && textAt(plan.inputs, "sku.name") === "FC1") refuseSettingNames(names);
}

function refuseSettingNames(names: readonly string[]): void {
  const refused = names
    .filter((name) => forbiddenSetting.test(name) || name.includes(":"))
    .map((name) => `Site.SiteConfig.AppSettings.${name}`);
  if (refused.length === 0) return;
  const subject =
    refused.length === 1
      ? `The following app setting (${refused[0]}) for Flex Consumption sites`
      : `The following list of ${refused.length} app settings (${refused.join(",")}) for Flex Consumption sites`;
  throw invalid(subject, `Please remove or rename ${refused.length === 1 ? "it" : "them"} before retrying.`);
}

function refuseConfiguration(configuration: PropertyValue | undefined): void {
  if (!isMap(configuration)) return;
  const given = forbiddenConfiguration.filter(
    (name) => configuration[name] !== undefined && configuration[name] !== null,
  );
  if (configuration.alwaysOn === true) given.push("alwaysOn");
  const refused = given.map((name) => `Site.SiteConfig.${name.charAt(0).toUpperCase()}${name.slice(1)}`);
  if (refused.length > 0) {
    const subject =
      refused.length === 1
        ? `The following site configuration property (${refused[0]}) for Flex Consumption sites`
        : `The following list of ${refused.length} site configuration properties (${refused.join(",")}) for Flex Consumption sites`;
    throw invalid(subject, `Please remove or rename ${refused.length === 1 ? "it" : "them"} before retrying.`);
  }
  for (const name of ["ipSecurityRestrictions", "scmIpSecurityRestrictions"]) {
    const broken = brokenRule(configuration[name]);
    if (broken !== undefined) {
      throw invalid(`Site.SiteConfig.${name}`, `It is not a valid range of addresses: ${broken}`);
    }
  }
  const settings = configuration.appSettings;
  if (Array.isArray(settings)) {
    refuseSettingNames(settings.filter(isMap).map(({ name }) => String(name)));
  }
}

function refuseScale({ inputs }: ResourceRequest): void {
  const scale = (name: string) => plainValueAt(inputs, `functionAppConfig.scaleAndConcurrency.${name}`);
  const size = scale("instanceMemoryMB");
  if (size !== undefined && !instanceSizes.includes(Number(size))) {
    throw invalid(
      "Site.FunctionAppConfig.ScaleAndConcurrency.InstanceMemoryMB",
      `The allowed values are ${instanceSizes.join(", ")}.`,
    );
  }
  const count = scale("maximumInstanceCount");
  if (count !== undefined && (Number(count) < 40 || Number(count) > 1000)) {
    throw invalid(
      "Site.FunctionAppConfig.ScaleAndConcurrency.MaximumInstanceCount",
      "The value must be between 40 and 1000.",
    );
  }
  if (
    textAt(inputs, "functionAppConfig.runtime.name") === "" ||
    textAt(inputs, "functionAppConfig.runtime.version") === ""
  ) {
    throw invalid("Site.FunctionAppConfig.Runtime", "The name and version of the runtime are required.");
  }
}

function refuseDeploymentStorage({ inputs }: ResourceRequest, subscription: Subscription): void {
  const at = (name: string) => textAt(inputs, `functionAppConfig.deployment.storage.${name}`);
  const subject = "Site.FunctionAppConfig.Deployment.Storage";
  if (at("type").toLowerCase() !== "blobcontainer") {
    throw invalid(`${subject}.Type`, "The allowed value is blobContainer.");
  }
  const container = subscription.list("storage:BlobContainer").find((candidate) => {
    const account = subscription.findByName("storage:StorageAccount", textAt(candidate.inputs, "accountName"));
    return (
      account &&
      at("value").replace(/\/$/, "") === `${textAt(account.outputs, "primaryEndpoints.blob")}${candidate.name}`
    );
  });
  if (container === undefined) {
    throw invalid(`${subject}.Value`, `The storage container ${at("value")} does not exist.`);
  }
  const identity = at("authentication.userAssignedIdentityResourceId");
  const attached = attachedIdentities(plainValueAt(inputs, "identity.userAssignedIdentities"));
  if (at("authentication.type") === "UserAssignedIdentity" && !attached.includes(identity.toLowerCase())) {
    throw invalid(
      `${subject}.Authentication.UserAssignedIdentityResourceId`,
      "The identity is not among the identities of the app.",
    );
  }
}

function refuseIdentities({ id, inputs }: ResourceRequest, subscription: Subscription): void {
  for (const identity of attachedIdentities(plainValueAt(inputs, "identity.userAssignedIdentities"))) {
    if (subscription.get(identity)) continue;
    const message =
      `Identity operation for resource '${id}' failed with error 'Failed to perform resource identity operation. ` +
      `Status: 'BadRequest'. Response: Resource '${identity}' was not found.'.`;
    throw new ArmError(400, "FailedIdentityOperation", message);
  }
}

/** Lower-case ids. Programs pass a list, ARM and older programs a map. */
function attachedIdentities(value: PropertyValue | undefined): string[] {
  const ids = Array.isArray(value) ? value.map(String) : Object.keys(isMap(value) ? value : {});
  return ids.map((id) => id.toLowerCase());
}

/** App Service's error 51021: `{0} is invalid.  {1}`. */
function invalid(subject: string, remedy: string): ArmError {
  return new ArmError(400, "BadRequest", `${subject} is invalid.  ${remedy}`);
}
