import { isMap, type PropertyMap } from "pulumi-provider-kit";
import { typeOfId } from "../arm/resource-id.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../arm/subscription.ts";
import { refuseNetworkDeletion, refuseZoneDeletion } from "../network/network-refusals.ts";
import { mapsIn } from "../network/private-access.ts";
import type { Effects } from "./effects.ts";

const made = { provisioningState: "Succeeded" };

/** Virtual networks, private endpoints and private DNS zones. */
export const networkEffects: Record<string, Effects> = {
  "azure-native:network:VirtualNetwork": {
    create: (request, { subscription }) => putSubnets(request, subscription),
    update: (request, { subscription }) => putSubnets(request, subscription),
    refuseDelete: (network, { subscription }) => refuseNetworkDeletion(network, subscription),
  },
  "azure-native:network:Subnet": { create: () => made },
  "azure-native:network:PrivateEndpoint": { create: () => made },
  "azure-native:network:PrivateDnsZoneGroup": { create: () => made },
  "azure-native:privatedns:PrivateZone": {
    create: withZoneTags,
    update: withZoneTags,
    refuseDelete: (zone, { subscription }) => refuseZoneDeletion(zone, subscription),
  },
  "azure-native:privatedns:VirtualNetworkLink": { create: withZoneTags, update: withZoneTags },
};

/** Tags whose names have a space, parenthesis or other special character, or start with a digit, get lost. */
function withZoneTags({ inputs }: ResourceRequest): PropertyMap {
  const tags = plainValueAt(inputs, "tags");
  if (!isMap(tags)) return made;
  const kept = Object.entries(tags).filter(([name]) => !/^\d|[^A-Za-z0-9_.-]/.test(name));
  return { ...made, tags: Object.fromEntries(kept) };
}

/** Subnets that are part of a network's PUT also exist as separate resources. */
function putSubnets({ id, inputs }: ResourceRequest, subscription: Subscription) {
  for (const subnet of mapsIn(plainValueAt(inputs, "subnets"))) {
    const name = textAt(subnet, "name");
    const found = typeOfId(`${id}/subnets/${name}`);
    if (found === undefined) continue;
    const properties = plainValueAt(subnet, "properties");
    const values = { ...subnet, ...(isMap(properties) ? properties : {}) };
    subscription.put({
      id: `${id}/subnets/${name}`,
      type: found.type,
      name,
      inputs: values,
      outputs: { ...values, ...made },
    });
  }
  return made;
}
