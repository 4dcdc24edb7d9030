import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Resource, type Subscription, textAt } from "../arm/subscription.ts";
import { regionName } from "../refusals/regions.ts";
import { connectionsOf, mapsIn, networkOf } from "./private-access.ts";

/** The delegation that Flex Consumption requires of a subnet (Azure Functions, "Networking options"). */
const flexDelegation = "Microsoft.App/environments";

/** Services by the type of the private endpoint's target (Microsoft, "What is a private endpoint?"). */
const groupsByType: Readonly<Record<string, readonly string[]>> = {
  "azure-native:storage:StorageAccount": ["blob", "queue", "table", "file", "dfs", "web"],
  "azure-native:keyvault:Vault": ["vault"],
};

/** Refuses a function app on Flex Consumption if its subnet is not suitable. */
export function refuseAppSubnet({ inputs }: ResourceRequest, subscription: Subscription): void {
  const subnetId = textAt(inputs, "virtualNetworkSubnetId");
  if (subnetId === "") return;
  const subnet = findSubnet(subnetId, subscription);
  const refuse = (message: string) => {
    throw new ArmError(400, "BadRequest", message);
  };
  if (subnet.name.includes("_")) {
    refuse(`The subnet name '${subnet.name}' can't contain underscores for Flex Consumption sites.`);
  }
  if (!delegationsOf(subnet).some((service) => service.toLowerCase() === flexDelegation.toLowerCase())) {
    refuse(`Subnet ${subnetId} must be delegated to ${flexDelegation} for Flex Consumption sites.`);
  }
  const network = subscription.get(networkOf(subnetId));
  if (network && regionName(textAt(network.inputs, "location")) !== regionName(textAt(inputs, "location"))) {
    refuse(`The virtual network '${network.name}' is in another region than the site.`);
  }
}

/** What Azure refuses about a private endpoint. */
export function refusePrivateEndpoint(request: ResourceRequest, subscription: Subscription): void {
  const subnet = findSubnet(textAt(request.inputs, "subnet.id"), subscription);
  const former = request.existing && textAt(request.existing.inputs, "subnet.id");
  if (former && former.toLowerCase() !== subnet.id.toLowerCase()) {
    const message = `Private endpoint ${request.id} already exists in the subnet ${former}, which can't be changed.`;
    throw new ArmError(400, "CannotChangeSubnetOnExistingPrivateEndpoint", message);
  }
  subscription.slowChanges.requireSettled(networkOf(subnet.id), request.id);
  if (delegationsOf(subnet).length > 0) {
    const message = `Private endpoint ${request.name} can't be in the subnet ${subnet.name}, which is delegated to ${delegationsOf(subnet)}.`;
    throw new ArmError(400, "PrivateEndpointCannotBeCreatedInSubnetThatHasDelegations", message);
  }
  for (const { target, groups } of connectionsOf(request)) {
    const resource = subscription.get(target);
    if (resource === undefined) throw missing(target);
    const wrong = groups.find((group) => !groupsByType[resource.type.token]?.includes(group));
    if (wrong === undefined) continue;
    throw new ArmError(
      400,
      "PrivateLinkServiceGroupIdInvalid",
      `The group id '${wrong}' is not one of ${resource.type.armType}.`,
    );
  }
}

/** What Azure refuses about a virtual network: other addresses of a subnet that an app or an endpoint uses. */
export function refuseNetwork({ id, inputs, existing }: ResourceRequest, subscription: Subscription): void {
  const prefixes = (of: ResourceRequest["inputs"]) =>
    new Map(
      mapsIn(plainValueAt(of, "subnets")).map((one) => [textAt(one, "name"), textAt(one, "properties.addressPrefix")]),
    );
  const wanted = prefixes(inputs);
  for (const [name, prefix] of prefixes(existing?.inputs ?? {})) {
    if (wanted.get(name) === prefix || !isUsed(`${id}/subnets/${name}`, subscription)) continue;
    const message = `IpPrefix ${prefix} on Subnet ${name} has active allocations and cannot be deleted.`;
    throw new ArmError(400, "InUsePrefixCannotBeDeleted", message);
  }
}

function isUsed(subnetId: string, subscription: Subscription): boolean {
  return subnetUsers(subscription).some((used) => used.toLowerCase() === subnetId.toLowerCase());
}

/** Refuses records in a zone, or a link to a network, that does not exist. */
export function refuseMissingReference({ id, inputs }: ResourceRequest, subscription: Subscription): void {
  const zoneIds = mapsIn(plainValueAt(inputs, "privateDnsZoneConfigs")).map((config) =>
    textAt(config, "properties.privateDnsZoneId"),
  );
  const network = textAt(inputs, "virtualNetwork.id");
  const named = [...zoneIds, ...(network === "" ? [] : [network])];
  const gone = named.find((one) => subscription.get(one) === undefined);
  if (gone !== undefined) throw missing(gone);
  for (const one of named) subscription.slowChanges.requireSettled(one, id);
}

/** A subnet that is used by an app or an endpoint, even one that is still being deleted, can't be deleted, nor can its network. */
export function refuseNetworkDeletion({ id }: Resource, subscription: Subscription): void {
  const inUse = subnetUsers(subscription).find((subnetId) => networkOf(subnetId) === id.toLowerCase());
  if (inUse === undefined) return;
  const name = inUse.split("/").at(-1);
  throw new ArmError(400, "InUseSubnetCannotBeDeleted", `Subnet ${name} is in use and cannot be deleted.`);
}

/** Ids of subnets that an app or an endpoint uses. */
function subnetUsers(subscription: Subscription): string[] {
  const users = [
    ...subscription.list("web:WebApp"),
    ...subscription.list("network:PrivateEndpoint"),
    ...subscription.slowChanges.leaving(),
  ];
  return users.map(({ inputs }) => textAt(inputs, "virtualNetworkSubnetId") || textAt(inputs, "subnet.id"));
}

/** A zone that is linked to a network can't be deleted. */
export function refuseZoneDeletion({ id, name }: Resource, subscription: Subscription): void {
  const linked = [...subscription.list("privatedns:VirtualNetworkLink"), ...subscription.slowChanges.leaving()].some(
    (link) => link.id.toLowerCase().startsWith(`${id}/`.toLowerCase()),
  );
  if (!linked) return;
  const message = `Can not delete resource '${name}': nested resources exist. Please delete all nested resources first.`;
  throw new ArmError(409, "CannotDeleteResource", message);
}

function findSubnet(id: string, subscription: Subscription): Resource {
  const subnet = subscription.get(id);
  if (subnet?.type.token !== "azure-native:network:Subnet") throw missing(id);
  return subnet;
}

function delegationsOf({ inputs }: Resource): string[] {
  return mapsIn(plainValueAt(inputs, "delegations")).map((delegation) => textAt(delegation, "properties.serviceName"));
}

function missing(id: string): ArmError {
  return new ArmError(400, "InvalidResourceReference", `Resource ${id} referenced by the request was not found.`);
}
