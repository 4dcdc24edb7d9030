import { QueueServiceClient } from "@azure/storage-queue";
import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import { ArmError } from "../../src/azure/arm/arm-error.ts";
import { typeOfId } from "../../src/azure/arm/resource-id.ts";
import { Subscription } from "../../src/azure/arm/subscription.ts";
import type { AzureParts } from "../../src/azure/effects/effects.ts";
import { networkEffects } from "../../src/azure/effects/network-effects.ts";
import { insidersOf, refusesInternet } from "../../src/azure/network/private-access.ts";
import { refuseResource } from "../../src/azure/refusals/refusals.ts";
import { defaultAzureSwitches } from "../../src/azure/switches.ts";
import { localCredentials } from "../../src/credentials.ts";
import { until } from "../until.ts";
import { callerToken, make, startAzureWithGroup } from "./support.ts";

const group = "/subscriptions/sub/resourceGroups/group";
const network = `${group}/providers/Microsoft.Network`;
const ids = {
  account: `${group}/providers/Microsoft.Storage/storageAccounts/account`,
  vault: `${group}/providers/Microsoft.KeyVault/vaults/vault`,
  plan: `${group}/providers/Microsoft.Web/serverfarms/plan`,
  site: `${group}/providers/Microsoft.Web/sites/site`,
  identity: `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity`,
  net: `${network}/virtualNetworks/net`,
  app: `${network}/virtualNetworks/net/subnets/app`,
  endpoints: `${network}/virtualNetworks/net/subnets/endpoints`,
  endpoint: `${network}/privateEndpoints/queue`,
  records: `${network}/privateEndpoints/queue/privateDnsZoneGroups/default`,
  zone: `${network}/privateDnsZones/privatelink.queue.core.windows.net`,
  blobZone: `${network}/privateDnsZones/privatelink.blob.core.windows.net`,
  link: `${network}/privateDnsZones/privatelink.queue.core.windows.net/virtualNetworkLinks/net`,
} as const;

let subscription: Subscription;

function put(id: string, inputs: PropertyMap, outputs: PropertyMap = inputs): void {
  const found = typeOfId(id);
  if (!found) throw new Error(`No type of ${id}`);
  subscription.put({ id, type: found.type, name: id.split("/").at(-1) ?? "", inputs, outputs });
}

function requestOf(id: string, inputs: PropertyMap) {
  const found = typeOfId(id);
  if (!found) throw new Error(`No type of ${id}`);
  return { id, type: found.type, name: id.split("/").at(-1) ?? "", inputs, existing: undefined };
}

/** Azure's refusal of a new resource; undefined if it is accepted. */
function refusal(id: string, inputs: PropertyMap): ArmError | undefined {
  try {
    refuseResource(requestOf(id, inputs), subscription, defaultAzureSwitches);
    return undefined;
  } catch (error) {
    if (error instanceof ArmError) return error;
    throw error;
  }
}

const identity = { userAssignedIdentities: { [ids.identity]: {} } };
const site = (subnetId: string) => ({
  serverFarmId: ids.plan,
  virtualNetworkSubnetId: subnetId,
  location: "westeurope",
  identity,
});
const endpoint = (subnetId: string, groupId = "queue") => ({
  location: "westeurope",
  subnet: { id: subnetId },
  privateLinkServiceConnections: [
    { name: "a", properties: { privateLinkServiceId: ids.account, groupIds: [groupId] } },
  ],
});
const records = (zoneId: string) => ({
  privateDnsZoneConfigs: [{ name: "a", properties: { privateDnsZoneId: zoneId } }],
});

beforeEach(async () => {
  subscription = new Subscription({ subscriptionId: "sub", tenantId: "tenant" });
  put(group, { location: "westeurope" });
  put(ids.account, { publicNetworkAccess: "Disabled" });
  put(ids.plan, { sku: { name: "FC1" } });
  put(ids.identity, {}, { principalId: "relay", clientId: "client" });
  const inputs = {
    location: "westeurope",
    subnets: [
      { name: "app", properties: { delegations: [{ properties: { serviceName: "Microsoft.App/environments" } }] } },
      { name: "endpoints", properties: {} },
      { name: "web", properties: { delegations: [{ properties: { serviceName: "Microsoft.Web/serverFarms" } }] } },
    ],
  };
  put(ids.net, inputs);
  await networkEffects["azure-native:network:VirtualNetwork"]?.create?.(requestOf(ids.net, inputs), {
    subscription,
  } as never);
  put(ids.site, site(ids.app));
  put(ids.zone, {});
  put(ids.blobZone, {});
});

test("an app reaches a closed account only with an endpoint, its records, and a zone that its network looks into", () => {
  const insiders = () => insidersOf(ids.account, "queue", subscription);
  expect(refusesInternet({ publicNetworkAccess: "Disabled" })).toBe(true);
  expect(refusesInternet({ networkRuleSet: { defaultAction: "Deny" } })).toBe(true);
  expect(refusesInternet({ properties: { publicNetworkAccess: "Enabled" } })).toBe(false);
  expect(insiders()).toEqual([]);
  put(ids.endpoint, endpoint(ids.endpoints));
  expect(insiders()).toEqual([]);
  put(ids.records, records(ids.zone));
  expect(insiders()).toEqual([]);
  put(ids.link, { virtualNetwork: { id: ids.net } });
  expect(insiders()).toEqual(["relay"]);
  expect(insidersOf(ids.account, "blob", subscription)).toEqual([]);
  put(ids.records, records(ids.blobZone));
  expect(insiders()).toEqual([]);
  put(ids.records, records(ids.zone));
  put(ids.site, site(""));
  expect(insiders()).toEqual([]);
});

test("Flex Consumption accepts only a subnet that is delegated to it, in its region, without an underscore", () => {
  const app = (subnetId: string, location = "westeurope") => refusal(`${ids.site}2`, { ...site(subnetId), location });
  put(`${ids.plan}`, { sku: { name: "FC1" } });
  subscription.remove(ids.site);
  expect(app(`${ids.net}/subnets/web`)?.message).toMatch(/must be delegated to Microsoft\.App\/environments/);
  expect(app(ids.endpoints)?.message).toMatch(/must be delegated/);
  expect(app(ids.app, "eastus")?.message).toMatch(/another region/);
  expect(app(`${ids.net}/subnets/none`)?.code).toBe("InvalidResourceReference");
  // Azure refuses what else this app lacks with another message.
  expect(app(ids.app)?.message ?? "").not.toMatch(/[Ss]ubnet/);
});

test("a private endpoint needs a subnet without a delegation, and a service that its target has", () => {
  expect(refusal(ids.endpoint, endpoint(ids.endpoints))).toBeUndefined();
  expect(refusal(ids.endpoint, endpoint(ids.app))?.code).toBe(
    "PrivateEndpointCannotBeCreatedInSubnetThatHasDelegations",
  );
  expect(refusal(ids.endpoint, endpoint(ids.endpoints, "vault"))?.code).toBe("PrivateLinkServiceGroupIdInvalid");
  put(ids.endpoint, endpoint(ids.endpoints));
  expect(refusal(ids.records, records(`${ids.zone}x`))?.code).toBe("InvalidResourceReference");
  expect(refusal(ids.link, { virtualNetwork: { id: `${ids.net}x` }, location: "global" })?.code).toBe(
    "InvalidResourceReference",
  );
});

test("an endpoint stays in its subnet, and a subnet that is in use keeps its addresses", () => {
  const rewrite = (id: string, inputs: PropertyMap) => {
    const request = { ...requestOf(id, inputs), existing: subscription.get(id) };
    try {
      refuseResource(request, subscription, defaultAzureSwitches);
    } catch (error) {
      return (error as ArmError).code;
    }
    return "accepted";
  };
  put(ids.endpoint, endpoint(ids.endpoints));
  put(`${ids.net}/subnets/others`, {});
  expect(rewrite(ids.endpoint, endpoint(ids.endpoints.toUpperCase()))).toBe("accepted");
  expect(rewrite(ids.endpoint, endpoint(`${ids.net}/subnets/others`))).toBe(
    "CannotChangeSubnetOnExistingPrivateEndpoint",
  );
  const addresses = (app: string, web: string) => ({
    location: "westeurope",
    subnets: [
      { name: "app", properties: { addressPrefix: app } },
      { name: "web", properties: { addressPrefix: web } },
    ],
  });
  put(ids.net, addresses("10.0.0.0/25", "10.0.0.128/26"));
  expect(rewrite(ids.net, addresses("10.0.0.0/25", "10.0.1.0/26"))).toBe("accepted");
  expect(rewrite(ids.net, addresses("10.0.1.0/25", "10.0.0.128/26"))).toBe("InUsePrefixCannotBeDeleted");
  subscription.remove(ids.site);
  expect(rewrite(ids.net, addresses("10.0.1.0/25", "10.0.0.128/26"))).toBe("accepted");
});

test("a network with an app or endpoints, or a zone with a link, can't be deleted", () => {
  const remove = (id: string) => {
    const found = subscription.get(id);
    if (found) networkEffects[found.type.token]?.refuseDelete?.(found, { subscription } as never);
  };
  expect(() => remove(ids.net)).toThrow("in use");
  subscription.remove(ids.site);
  expect(() => remove(ids.net)).not.toThrow();
  put(ids.link, { virtualNetwork: { id: ids.net } });
  expect(() => remove(ids.zone)).toThrow("nested");
  expect(() => remove(ids.blobZone)).not.toThrow();
});

test("a DNS zone loses tags whose names Azure DNS does not support", async () => {
  const tags = { costCenter: "crm", "cost-center": "crm", "Cost Center": "crm", "team:owner": "crm", "2nd": "crm" };
  const made = networkEffects["azure-native:privatedns:PrivateZone"]?.create?.(requestOf(ids.zone, { tags }), {
    subscription,
  } as AzureParts);
  expect(await made).toMatchObject({ tags: { costCenter: "crm", "cost-center": "crm" } });
  expect(Object.keys(((await made) as { tags: object }).tags)).toHaveLength(2);
});

test("an operator from outside gets nothing from a closed account, even with the role, and everything from inside", async () => {
  const cloud = await startAzureWithGroup({ callerRoles: ["Storage Queue Data Contributor"] });
  try {
    const { provider } = cloud.azure;
    const account = await make(provider, "storage:StorageAccount", "account", {
      resourceGroupName: "group",
      accountName: "closed",
      kind: "StorageV2",
      sku: { name: "Standard_LRS" },
      publicNetworkAccess: "Disabled",
    });
    // Azure Resource Manager makes queues in a closed account.
    await make(provider, "storage:Queue", "events", { resourceGroupName: "group", accountName: "closed" });
    const { queue } = account.properties.primaryEndpoints as { queue: string };
    const getToken = async () => ({
      token: await callerToken(provider, "https://storage.azure.com"),
      expiresOnTimestamp: Date.now() + 3_600_000,
    });
    const events = new QueueServiceClient(queue, { getToken }, { retryOptions: { maxTries: 1 } }).getQueueClient(
      "events",
    );
    const look = () =>
      events.getProperties().then(
        () => 200,
        ({ statusCode, code }: { statusCode: number; code: string }) => `${statusCode} ${code}`,
      );
    expect(localCredentials.azure.objectId).not.toBe("");
    expect(await look()).toBe("403 AuthorizationFailure");
    cloud.azure.change({ operatorNetwork: "inside" });
    expect(await until(look, (answer) => answer === 200)).toBe(200);
  } finally {
    await cloud.stop();
  }
}, 60_000);
