import * as pulumi from "@pulumi/pulumi";
import { networkApiVersion, zoneApiVersion } from "../../../relay/deploy/api-versions.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import { type PrivateNetwork, type PrivateService, privateZones } from "../../../settings/network-settings.ts";
import { azureName, digestDigits } from "../azure/azure-names.ts";
import { type AzurePart, armPart } from "../azure/azure-parts.ts";
import type { RelayGroup } from "../relay-group.ts";

/** A service of a resource that gets a private endpoint. */
export interface PrivateTarget {
  /** The endpoint's name in the program, after the relay's name. */
  readonly name: string;
  readonly service: PrivateService;
  readonly resourceId: pulumi.Output<string>;
}

/**
 * What gets a private endpoint: all services of the account with the events, and blobs of the host's own account, which needs no queues and
 * tables, since the triggers are on the events' queues.
 */
export function privateTargets({
  storageAccountId,
  hostAccountId,
  vaultId,
}: {
  storageAccountId: pulumi.Output<string>;
  /** Undefined without an account of its own. */
  hostAccountId: pulumi.Output<string> | undefined;
  /** Undefined if the vault existed before. */
  vaultId: pulumi.Output<string> | undefined;
}): PrivateTarget[] {
  const services = ["blob", "queue", "table"] as const;
  return [
    ...services.map((service) => ({ name: service, service, resourceId: storageAccountId })),
    ...(hostAccountId ? [{ name: "host-blob", service: "blob" as const, resourceId: hostAccountId }] : []),
    ...(vaultId ? [{ name: "vault", service: "vault" as const, resourceId: vaultId }] : []),
  ];
}

export interface RelayNetworkArgs {
  resourceGroup: Pick<RelayGroup, "id" | "location">;
  settings: PrivateNetwork;
  /** Id of the relay's storage account, from which names are derived, so that a new account gets its own network. */
  storageAccountId: pulumi.Output<string>;
  targets: readonly PrivateTarget[];
}

/** The private connection from the relay to its storage and vault, without public addresses. */
export class RelayNetwork extends pulumi.ComponentResource {
  /** The subnet of the function app. */
  readonly appSubnetId: pulumi.Output<string>;
  /** How many private endpoints, and how many DNS zones of its own, the network has: each has a price. */
  readonly privateEndpoints: number;
  readonly privateZones: number;
  readonly parts: Record<string, AzurePart> = {};
  /** What must exist before the app starts. */
  readonly ready: pulumi.Resource[] = [];
  readonly #name: string;
  readonly #args: RelayNetworkArgs;

  constructor(name: string, args: RelayNetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:RelayNetwork", name, {}, options);
    this.#name = name;
    this.#args = args;
    const { appSubnetId, endpointSubnetId, dnsZoneIds } = args.settings;
    const network = appSubnetId === undefined ? this.#declareNetwork() : undefined;
    this.appSubnetId = network ? pulumi.interpolate`${network.id}/subnets/app` : pulumi.output(appSubnetId ?? "");
    const subnetId = network
      ? pulumi.interpolate`${network.id}/subnets/endpoints`
      : pulumi.output(endpointSubnetId ?? "");
    const networkId = this.appSubnetId.apply((id) => id.split("/subnets/")[0] ?? "");
    const zones = new Map<PrivateService, pulumi.Output<string>>();
    for (const service of new Set(args.targets.map((target) => target.service))) {
      const given = dnsZoneIds?.[service];
      zones.set(service, given === undefined ? this.#declareZone(service, networkId) : pulumi.output(given));
    }
    this.privateEndpoints = args.targets.length;
    this.privateZones = dnsZoneIds === undefined ? zones.size : 0;
    for (const target of args.targets) this.#declareEndpoint(target, subnetId, zones.get(target.service));
    this.registerOutputs({ appSubnetId: this.appSubnetId });
  }

  /** Half of the addresses are for the app's instances, a quarter for the endpoints. */
  #declareNetwork(): ArmResource {
    const { addressSpace } = this.#args.settings;
    const prefix = addressSpace.replace(/\.0\/24$/, "");
    const subnets = [
      {
        name: "app",
        properties: {
          addressPrefix: `${prefix}.0/25`,
          // Flex Consumption requires this delegation, which other kinds of apps don't use (Azure Functions, "Networking
          // options").
          delegations: [{ name: "flex-consumption", properties: { serviceName: "Microsoft.App/environments" } }],
        },
      },
      { name: "endpoints", properties: { addressPrefix: `${prefix}.128/26` } },
    ];
    return this.#declare("virtual network", "network", {
      parentId: this.#args.resourceGroup.id,
      path: this.#nameOf("virtualNetwork", "network").apply(
        (name) => `providers/Microsoft.Network/virtualNetworks/${name}`,
      ),
      apiVersion: networkApiVersion,
      body: {
        location: this.#args.resourceGroup.location,
        properties: { addressSpace: { addressPrefixes: [addressSpace] }, subnets },
      },
    });
  }

  #declareZone(service: PrivateService, networkId: pulumi.Output<string>): pulumi.Output<string> {
    const zone = this.#declare(`DNS zone of ${service}`, `zone-${service}`, {
      parentId: this.#args.resourceGroup.id,
      path: `providers/Microsoft.Network/privateDnsZones/${privateZones[service]}`,
      apiVersion: zoneApiVersion,
      body: { location: "global", properties: {} },
    });
    const link = this.#declare(`link of the DNS zone of ${service}`, `zone-link-${service}`, {
      parentId: zone.id,
      path: this.#nameOf("virtualNetwork", "network").apply((name) => `virtualNetworkLinks/${name}`),
      apiVersion: zoneApiVersion,
      body: { location: "global", properties: { registrationEnabled: false, virtualNetwork: { id: networkId } } },
    });
    this.ready.push(link);
    return zone.id;
  }

  #declareEndpoint(
    { name, service, resourceId }: PrivateTarget,
    subnetId: pulumi.Output<string>,
    zoneId: pulumi.Output<string> | undefined,
  ): void {
    const endpoint = this.#declare(`private endpoint of ${name}`, `endpoint-${name}`, {
      parentId: this.#args.resourceGroup.id,
      path: this.#nameOf("privateEndpoint", name).apply((own) => `providers/Microsoft.Network/privateEndpoints/${own}`),
      apiVersion: networkApiVersion,
      body: {
        location: this.#args.resourceGroup.location,
        properties: {
          subnet: { id: subnetId },
          privateLinkServiceConnections: [
            { name, properties: { privateLinkServiceId: resourceId, groupIds: [service] } },
          ],
        },
      },
    });
    const records = this.#declare(`DNS records of ${name}`, `records-${name}`, {
      parentId: endpoint.id,
      path: "privateDnsZoneGroups/default",
      apiVersion: networkApiVersion,
      body: { properties: { privateDnsZoneConfigs: [{ name: service, properties: { privateDnsZoneId: zoneId } }] } },
    });
    this.ready.push(records);
  }

  /** One after the other: Azure refuses parallel changes of one virtual network or account. */
  #declare(part: string, logicalName: string, args: ConstructorParameters<typeof ArmResource>[1]): ArmResource {
    const before = this.#last;
    const resource = new ArmResource(`${this.#name}-${logicalName}`, args, {
      parent: this,
      ...(before && { dependsOn: before }),
    });
    this.#last = resource;
    this.parts[part] = armPart(resource);
    return resource;
  }

  #last: ArmResource | undefined;

  #nameOf(kind: "virtualNetwork" | "privateEndpoint", suffix: string): pulumi.Output<string> {
    const stem = azureName(kind, `${this.#name}-${suffix}`);
    return this.#args.storageAccountId.apply((id) => stem + digestDigits(id));
  }
}
