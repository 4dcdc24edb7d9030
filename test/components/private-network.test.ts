import * as pulumi from "@pulumi/pulumi";
import { azureName, compactStem } from "../../components/relay/azure/azure-names.ts";
import { plannedRelay } from "../../components/relay/azure/planned-relay.ts";
import { SourceArguments } from "../../components/settings/source-arguments.ts";
import { denials } from "../../packages/local-cloud/src/azure/refusals/policies.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { privateNetwork } from "../../settings/network-settings.ts";
import { declareSource } from "./declare-source.ts";
import { configureWithCredentials, type DeclaredResource } from "./stack.ts";

const inputsOf = (resources: readonly DeclaredResource[], type: string) =>
  resources.filter((resource) => resource.type.endsWith(type)).map(({ inputs }) => inputs);

/** Resources of Azure's network provider, by the last part of their path's type. */
function ofNetwork(resources: readonly DeclaredResource[], type: string) {
  return inputsOf(resources, ":ArmResource").filter(({ path }) => path.split("/").at(-2) === type);
}

const endpointsOf = (resources: readonly DeclaredResource[]) =>
  ofNetwork(resources, "privateEndpoints").map(({ body }) => {
    const [{ properties }] = body.properties.privateLinkServiceConnections;
    return [properties.groupIds[0], properties.privateLinkServiceId];
  });

test("a private relay has a network with two subnets, and endpoints, zones and records for everything that it stores", async () => {
  const resources = await declareSource({
    environment: "prod",
    privateNetwork: { enabled: true },
    azureTags: { costCenter: "crm" },
  });
  const [network] = ofNetwork(resources, "virtualNetworks");
  const [app, endpoints] = network.body.properties.subnets;
  expect(network.body.properties.addressSpace.addressPrefixes).toEqual(["10.213.0.0/24"]);
  expect(app).toMatchObject({
    properties: {
      addressPrefix: "10.213.0.0/25",
      delegations: [{ properties: { serviceName: "Microsoft.App/environments" } }],
    },
  });
  expect(endpoints).toEqual({ name: "endpoints", properties: { addressPrefix: "10.213.0.128/26" } });
  const accounts = resources.filter(({ type }) => type.endsWith(":StorageAccount")).map(({ name }) => `${name}-id`);
  const data = `${azureName("storageAccount", compactStem("events-relay"))}-id`;
  const host = accounts.find((id) => id !== data);
  expect(endpointsOf(resources)).toEqual([
    ["blob", data],
    ["queue", data],
    ["table", data],
    ["blob", host],
    ["vault", expect.stringMatching(/-id$/)],
  ]);
  expect(ofNetwork(resources, "privateDnsZones").map(({ path }) => path.split("/").at(-1))).toEqual([
    "privatelink.blob.core.windows.net",
    "privatelink.queue.core.windows.net",
    "privatelink.table.core.windows.net",
    "privatelink.vaultcore.azure.net",
  ]);
  expect(ofNetwork(resources, "virtualNetworkLinks")).toHaveLength(4);
  expect(ofNetwork(resources, "privateDnsZoneGroups")).toHaveLength(5);
  for (const { path, body } of [
    "virtualNetworks",
    "privateEndpoints",
    "privateDnsZones",
    "virtualNetworkLinks",
  ].flatMap((type) => ofNetwork(resources, type))) {
    expect([path, body.tags]).toEqual([path, { costCenter: "crm" }]);
  }
  for (const account of inputsOf(resources, ":StorageAccount")) {
    expect(account).toMatchObject({
      publicNetworkAccess: "Disabled",
      networkRuleSet: { defaultAction: "Deny", bypass: "None" },
    });
  }
  const [vault] = inputsOf(resources, ":keyvault:Vault");
  expect(vault.properties).toMatchObject({
    publicNetworkAccess: "Disabled",
    networkAcls: { defaultAction: "Deny", bypass: "None" },
  });
  const [site] = inputsOf(resources, ":FunctionApp");
  expect(site.body.properties.virtualNetworkSubnetId).toMatch(/\/subnets\/app$|-id\/subnets\/app$/);
  expect(site.body.properties).not.toHaveProperty("publicNetworkAccess");
});

test("without the setting, no property of the network is sent; enabled: false opens what was closed, and publicAccess leaves it open", async () => {
  const [open, closedNoMore, first] = [
    await declareSource({}),
    await declareSource({ privateNetwork: { enabled: false } }),
    await declareSource({ privateNetwork: { enabled: true, publicAccess: true } }),
  ];
  const accessOf = (resources: readonly DeclaredResource[]) => [
    inputsOf(resources, ":StorageAccount")[0].publicNetworkAccess,
    inputsOf(resources, ":keyvault:Vault")[0].properties.publicNetworkAccess,
    endpointsOf(resources).length,
  ];
  // The SDK itself sends a vault's default.
  expect(accessOf(open)).toEqual([undefined, "enabled", 0]);
  expect(accessOf(closedNoMore)).toEqual(["Enabled", "Enabled", 0]);
  expect(accessOf(first)).toEqual(["Enabled", "Enabled", expect.any(Number)]);
  expect(endpointsOf(first).length).toBeGreaterThan(3);
});

const network = "/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network";
const subnets = {
  appSubnetId: `${network}/virtualNetworks/v/subnets/flex`,
  endpointSubnetId: `${network}/virtualNetworks/v/subnets/endpoints`,
};
const zone = (name: string) => `${network}/privateDnsZones/privatelink.${name}`;
test("a preview warns of given zones that can't be linked to the network yet", () => {
  configureWithCredentials();
  const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async () => undefined);
  const warnings = (network: object) => {
    warn.mockClear();
    new SourceArguments({ privateNetwork: { enabled: true, ...network } }).read();
    return warn.mock.calls.map(([message]) => message);
  };
  expect(warnings({ dnsZoneIds })).toEqual([
    expect.stringMatching(
      /^privateNetwork\.dnsZoneIds is set without privateNetwork\.appSubnetId, .*leave the argument privateNetwork\.dnsZoneIds out$/,
    ),
  ]);
  expect(warnings({ ...subnets, dnsZoneIds })).toEqual([]);
  expect(warnings(subnets)).toEqual([]);
  expect(warnings({})).toEqual([]);
  warn.mockRestore();
});

const dnsZoneIds = {
  blob: zone("blob.core.windows.net"),
  queue: zone("queue.core.windows.net"),
  table: zone("table.core.windows.net"),
  vault: zone("vaultcore.azure.net"),
};

test("existing subnets and zones are used, and neither they nor an existing vault get anything but records", async () => {
  const vaultId = "/subscriptions/s/resourceGroups/hub/providers/Microsoft.KeyVault/vaults/v";
  const resources = await declareSource({
    privateNetwork: { enabled: true, ...subnets, dnsZoneIds },
    azureExisting: { vaultId },
  });
  expect(
    ["virtualNetworks", "privateDnsZones", "virtualNetworkLinks"].flatMap((type) => ofNetwork(resources, type)),
  ).toEqual([]);
  expect(endpointsOf(resources).map(([service]) => service)).not.toContain("vault");
  for (const { body } of ofNetwork(resources, "privateEndpoints")) {
    expect(body.properties.subnet.id).toBe(subnets.endpointSubnetId);
  }
  const records = ofNetwork(resources, "privateDnsZoneGroups").map(
    ({ body }) => body.properties.privateDnsZoneConfigs[0].properties.privateDnsZoneId,
  );
  expect(new Set(records)).toEqual(new Set([dnsZoneIds.blob, dnsZoneIds.queue, dnsZoneIds.table]));
  expect(inputsOf(resources, ":FunctionApp")[0].body.properties.virtualNetworkSubnetId).toBe(subnets.appSubnetId);
});

/** The type of the last resource in an id, as the names of rights have it. */
function typeOf(id: string): string {
  const [namespace, ...segments] = id.split("/providers/").at(-1)?.split("/") ?? [];
  return [namespace, ...segments.filter((_segment, index) => index % 2 === 0)].join("/");
}

test("on existing resources, the login needs exactly the rights to use them and to add the program's parts", async () => {
  const group = "/subscriptions/s/resourceGroups/hub/providers";
  const vaultId = `${group}/Microsoft.KeyVault/vaults/v`;
  const azureExisting = { vaultId };
  const network = { enabled: true, ...subnets, dnsZoneIds };
  const resources = await declareSource({ privateNetwork: network, azureExisting, environment: "prod" });
  const { existing = [] } = plannedRelay(
    {
      environment: "prod",
      azure: {},
      azureTags: {},
      azureNames: {},
      monthlyBudget: 0,
      nodeVersion: 22,
      azureExisting,
      privateNetwork: privateNetwork.parse(network),
    },
    { subscriptionId: "s", tenantId: "t" },
  );
  const secrets = new Set(
    resources.filter(({ type }) => type.endsWith(":VaultSecret")).map(({ name }) => `${name}-id`),
  );
  const put = resources.flatMap(({ type, inputs }) => {
    if (type.endsWith(":VaultSecret")) return [[String(inputs.vaultId), "Microsoft.KeyVault/vaults/secrets"]];
    const parent = secrets.has(inputs.parentId) ? vaultId : String(inputs.parentId);
    return inputs.path ? [[parent, typeOf(`${parent}/${inputs.path}`)]] : [];
  });
  for (const { setting, id, actions } of existing) {
    const below = put.flatMap(([parent = "", type = ""]) => (parent.startsWith(id) ? [`${type}/write`] : []));
    const used = actions.filter((action) => action.endsWith("/action"));
    expect([setting, new Set([...below, ...used])]).toEqual([setting, new Set(actions)]);
  }
});

test.each([
  [{ enabled: true, appSubnetId: subnets.appSubnetId }, "belong together"],
  [{ enabled: true, ...subnets, endpointSubnetId: subnets.appSubnetId.toUpperCase() }, "must differ"],
  [{ enabled: true, ...subnets, appSubnetId: `${network}/virtualNetworks/v/subnets/my_flex` }, "underscore"],
  [{ enabled: true, dnsZoneIds: { blob: dnsZoneIds.blob } }, "must have all of blob, queue, table and vault"],
  [{ enabled: true, dnsZoneIds: { ...dnsZoneIds, vault: dnsZoneIds.blob } }, "privatelink.vaultcore.azure.net"],
  [{ ...subnets }, "enabled must be true"],
  [{ enabled: true, addressSpace: "10.0.0.0/16" }, "256 addresses"],
  [{ enabled: true, addressSpace: "10.300.0.0/24" }, "256 addresses"],
])("it refuses what can't work before anything is created: %j", (given, words) => {
  expect(() => new SourceArguments({ privateNetwork: given }).read()).toThrow(words);
});

test("a preview asks about the network's providers, rights, subnets and zones, and the closed account passes the policy", () => {
  const needs = {
    environment: "prod" as const,
    nodeVersion: 22 as const,
    azure: {},
    azureTags: {},
    azureNames: {},
    azureExisting: {},
    monthlyBudget: 0,
    privateNetwork: privateNetwork.parse({ enabled: true, ...subnets, dnsZoneIds }),
  };
  configureWithCredentials();
  const planned = plannedRelay(needs, { subscriptionId: "sub", tenantId: "tenant" });
  expect(planned.namespaces).toEqual(["Microsoft.Network", "Microsoft.App"]);
  expect(planned.actions).toContain("Microsoft.Network/privateEndpoints/write");
  expect(planned.actions).not.toContain("Microsoft.Network/virtualNetworks/write");
  expect(planned.existing?.map(({ setting }) => setting)).toEqual([
    "privateNetwork.appSubnetId",
    "privateNetwork.endpointSubnetId",
    ...["blob", "queue", "table", "vault"].map((service) => `privateNetwork.dnsZoneIds.${service}`),
  ]);
  // Zones of its own are linked to the network.
  const zonesOfOwn = { ...needs, privateNetwork: privateNetwork.parse({ enabled: true, ...subnets }) };
  const used = plannedRelay(zonesOfOwn, { subscriptionId: "sub", tenantId: "tenant" }).existing ?? [];
  expect(used.map(({ id, actions }) => [id.split("/").slice(-2).join("/"), ...actions])).toEqual([
    [subnets.appSubnetId.split("/").slice(-2).join("/"), "Microsoft.Network/virtualNetworks/subnets/join/action"],
    [subnets.endpointSubnetId.split("/").slice(-2).join("/"), "Microsoft.Network/virtualNetworks/subnets/join/action"],
    [expect.stringMatching(/^virtualNetworks\//), "Microsoft.Network/virtualNetworks/join/action"],
  ]);
  const account = planned.resources?.find(({ type }) => type === "Microsoft.Storage/storageAccounts");
  const policies = { policies: ["public-network"] as const };
  expect(denials("Microsoft.Storage/storageAccounts", account?.content as PropertyMap, policies)).toEqual([]);
});
