import { isMap, type PropertyMap, type PropertyValue } from "pulumi-provider-kit";
import { plainValueAt, type Resource, type Subscription, textAt } from "../arm/subscription.ts";

/**
 * Services of a storage account or a vault, each with the zone in which a virtual network looks up its address
 * (Microsoft, "Private DNS zone values").
 */
const zones = {
  blob: "privatelink.blob.core.windows.net",
  queue: "privatelink.queue.core.windows.net",
  table: "privatelink.table.core.windows.net",
  vault: "privatelink.vaultcore.azure.net",
} as const;

type LinkedService = keyof typeof zones;

/** Whether a storage account or vault refuses calls from the internet; a default action alone is enough for that. */
export function refusesInternet(inputs: PropertyMap): boolean {
  const values = ["", "properties."].flatMap((prefix) => [
    textAt(inputs, `${prefix}publicNetworkAccess`).toLowerCase() === "disabled",
    textAt(inputs, `${prefix}networkRuleSet.defaultAction`) === "Deny",
    textAt(inputs, `${prefix}networkAcls.defaultAction`) === "Deny",
  ]);
  return values.includes(true);
}

/** Object ids of the identities of the apps whose virtual network can reach a service of a resource. */
export function insidersOf(resourceId: string, service: LinkedService, subscription: Subscription): string[] {
  const insiders = subscription.list("web:WebApp").filter((site) => reaches(site, resourceId, service, subscription));
  const identities = subscription.identities();
  return insiders.flatMap(({ outputs }) => {
    const attached = plainValueAt(outputs, "identity.userAssignedIdentities");
    const ids = Object.keys(isMap(attached) ? attached : {}).map((id) => id.toLowerCase());
    const own = textAt(outputs, "identity.principalId");
    const assigned = identities.filter(({ resourceId: id }) => ids.includes(id.toLowerCase()));
    return [...assigned.map(({ objectId }) => objectId), ...(own ? [own] : [])];
  });
}

/**
 * Whether an app's virtual network has a private endpoint for the service, and can resolve its address: with a DNS zone
 * of the right name that is linked to the network and has the endpoint's records.
 */
export function reaches(
  site: Resource,
  resourceId: string,
  service: LinkedService,
  subscription: Subscription,
): boolean {
  const network = networkOf(textAt(site.inputs, "virtualNetworkSubnetId"));
  if (network === "") return false;
  return subscription.list("network:PrivateEndpoint").some((endpoint) => {
    const leadsThere = connectionsOf(endpoint).some(
      ({ target, groups }) => target.toLowerCase() === resourceId.toLowerCase() && groups.includes(service),
    );
    const isHere = networkOf(textAt(endpoint.inputs, "subnet.id")) === network;
    return (
      leadsThere &&
      isHere &&
      zonesOf(endpoint, subscription).some((zone) => serves(zone, service, network, subscription))
    );
  });
}

/** The services that a private endpoint gives access to. */
export function connectionsOf({ inputs }: Pick<Resource, "inputs">): { target: string; groups: string[] }[] {
  return mapsIn(plainValueAt(inputs, "privateLinkServiceConnections")).map((connection) => ({
    target: textAt(connection, "properties.privateLinkServiceId") || textAt(connection, "privateLinkServiceId"),
    groups: textsIn(plainValueAt(connection, "properties.groupIds") ?? plainValueAt(connection, "groupIds")),
  }));
}

/** Lower-case id of the virtual network of a subnet; empty without a subnet. */
export function networkOf(subnetId: string): string {
  return subnetId.toLowerCase().split("/subnets/")[0] ?? "";
}

/** Ids of the zones that hold an endpoint's records. */
function zonesOf(endpoint: Resource, subscription: Subscription): string[] {
  const groups = subscription
    .list("network:PrivateDnsZoneGroup")
    .filter(({ id }) => id.toLowerCase().startsWith(`${endpoint.id}/`.toLowerCase()));
  return groups.flatMap(({ inputs }) =>
    mapsIn(plainValueAt(inputs, "privateDnsZoneConfigs")).map((config) =>
      textAt(config, "properties.privateDnsZoneId"),
    ),
  );
}

function serves(zoneId: string, service: LinkedService, network: string, subscription: Subscription): boolean {
  if (subscription.get(zoneId)?.name.toLowerCase() !== zones[service]) return false;
  return subscription
    .list("privatedns:VirtualNetworkLink")
    .some(
      ({ id, inputs }) =>
        id.toLowerCase().startsWith(`${zoneId}/`.toLowerCase()) &&
        networkOf(textAt(inputs, "virtualNetwork.id")) === network,
    );
}

export function mapsIn(list: PropertyValue | undefined): PropertyMap[] {
  return Array.isArray(list) ? list.filter(isMap) : [];
}

function textsIn(list: PropertyValue | undefined): string[] {
  return Array.isArray(list) ? list.map(String) : [];
}
