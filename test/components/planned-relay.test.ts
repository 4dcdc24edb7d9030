import * as pulumi from "@pulumi/pulumi";
import { type AzureNeeds, plannedRelay } from "../../components/relay/azure/planned-relay.ts";
import { configure, openNetwork } from "./stack.ts";

const login = { subscriptionId: "sub", tenantId: "tenant", objectId: "object" };
const needs: AzureNeeds = {
  environment: "dev",
  nodeVersion: 22,
  azure: {},
  azureTags: {},
  azureNames: {},
  azureExisting: {},
  privateNetwork: openNetwork,
  monthlyBudget: 0,
};

beforeEach(async () => {
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "project", "dev");
  configure({ "azure-native:": { location: "westeurope" } });
});

const resource = (planned: ReturnType<typeof plannedRelay>, type: string) =>
  planned.resources?.find((one) => one.type === type)?.content;

test("the plan follows the settings, in both environments", () => {
  const dev = plannedRelay(needs, login);
  expect(dev).toMatchObject({
    subscriptionId: "sub",
    stack: "project/dev",
    objectId: "object",
    location: "westeurope",
    nodeVersion: "22",
    zoneRedundant: false,
    storageRedundancy: "LRS",
    storageAccounts: 1,
  });
  expect(dev).not.toHaveProperty("resourceGroupId");
  expect(resource(dev, "Microsoft.KeyVault/vaults")).not.toHaveProperty("properties.enablePurgeProtection");
  const prod = plannedRelay({ ...needs, environment: "prod", azureTags: { costCenter: "crm" } }, login);
  expect(resource(prod, "Microsoft.Storage/storageAccounts")).toMatchObject({
    sku: { name: "Standard_ZRS" },
    tags: { costCenter: "crm" },
    properties: { allowBlobPublicAccess: false, allowSharedKeyAccess: false, supportsHttpsTrafficOnly: true },
  });
  expect(resource(prod, "Microsoft.KeyVault/vaults")).toHaveProperty("properties.enablePurgeProtection", true);
  expect(prod.storageAccounts).toBe(2);
  expect(prod.actions).toContain("Microsoft.EventGrid/eventSubscriptions/write");
  expect(String(dev.actions)).not.toContain("EventGrid");
  expect(prod.actions).toContain("Microsoft.Authorization/locks/write");
  expect(dev.actions).not.toContain("Microsoft.Authorization/locks/write");
});

test("a name for the host's storage account is checked only if the relay has one", () => {
  const named = { ...needs, azureNames: { hostStorageAccount: "sthost" } };
  expect(plannedRelay(named, login)).not.toHaveProperty("hostStorageAccountName");
  expect(plannedRelay({ ...named, environment: "prod" }, login).hostStorageAccountName).toBe("sthost");
});

test("a workspace's keys are needed for diagnostic settings, and from another subscription", () => {
  const actions = (more: Partial<AzureNeeds>, subscription = "sub") => {
    const workspaceId = `/subscriptions/${subscription}/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/w`;
    return plannedRelay({ ...needs, ...more, azureExisting: { workspaceId } }, login).existing?.[0]?.actions.slice(1);
  };
  const keys = ["Microsoft.OperationalInsights/workspaces/sharedKeys/action"];
  expect(actions({})).toEqual([]);
  expect(actions({}, "SUB")).toEqual([]);
  expect(actions({}, "other")).toEqual(keys);
  expect(actions({ environment: "prod" })).toEqual(keys);
  expect(actions({ environment: "prod", azure: { diagnosticSettings: false } })).toEqual([]);
});

test("a name for a vault is checked only if the relay gets a vault of its own", () => {
  const named = { ...needs, azureNames: { vault: "kv-crm" } };
  expect(plannedRelay(named, login).vaultName).toBe("kv-crm");
  const vaultId = "/subscriptions/sub/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/v";
  expect(plannedRelay({ ...named, azureExisting: { vaultId } }, login)).not.toHaveProperty("vaultName");
});

test("a policy is asked about the network of the app too, even if it does not exist yet", () => {
  const site = (network: object) => {
    const planned = plannedRelay({ ...needs, privateNetwork: { ...openNetwork, ...network } }, login);
    return resource(planned, "Microsoft.Web/sites") as { properties: object };
  };
  const appSubnetId = "/subscriptions/sub/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/v/subnets/app";
  expect(site({}).properties).not.toHaveProperty("virtualNetworkSubnetId");
  expect(site({ enabled: true }).properties).toHaveProperty("virtualNetworkSubnetId", expect.stringContaining("/app"));
  expect(site({ enabled: true, appSubnetId }).properties).toHaveProperty("virtualNetworkSubnetId", appSubnetId);
});

test("a budget needs a right of its own", () => {
  const rights = (monthlyBudget: number) => plannedRelay({ ...needs, monthlyBudget }, login).actions;
  expect(rights(0)).not.toContain("Microsoft.Consumption/budgets/write");
  expect(rights(250)).toContain("Microsoft.Consumption/budgets/write");
});

test("existing resources need no right to create them", () => {
  const existing = {
    resourceGroupId: "/subscriptions/sub/resourceGroups/group",
    workspaceId: "/subscriptions/sub/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/w",
    actionGroupIds: ["/subscriptions/sub/resourceGroups/logs/providers/Microsoft.Insights/actionGroups/a"],
    vaultId: "/subscriptions/sub/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/v",
    identityId: "/subscriptions/sub/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i",
  };
  const planned = plannedRelay({ ...needs, azureExisting: existing }, login);
  expect(planned.resourceGroupId).toBe(existing.resourceGroupId);
  // The checks ask about the region of the group, not about azure-native:location.
  expect(planned).not.toHaveProperty("location");
  expect(planned.actions).not.toEqual(
    expect.arrayContaining([
      expect.stringMatching(/resourceGroups\/write|workspaces\/write|actionGroups\/write|KeyVault|Identity/),
    ]),
  );
  expect(resource(planned, "Microsoft.Resources/subscriptions/resourceGroups")).toBeUndefined();
  expect(resource(planned, "Microsoft.KeyVault/vaults")).toBeUndefined();
  expect(planned.existing?.map(({ setting, actions }) => [setting, actions])).toEqual([
    ["azureExisting.resourceGroupId", []],
    ["azureExisting.workspaceId", ["Microsoft.OperationalInsights/workspaces/read"]],
    ["azureExisting.actionGroupIds[0]", ["Microsoft.Insights/actionGroups/read"]],
    [
      "azureExisting.vaultId",
      ["Microsoft.KeyVault/vaults/secrets/write", "Microsoft.Authorization/roleAssignments/write"],
    ],
    ["azureExisting.identityId", ["Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"]],
  ]);
});

test("nothing is checked that only another resource determines", () => {
  const planned = plannedRelay(
    {
      ...needs,
      azureTags: pulumi.output({ a: "b" }),
      azureNames: { vault: pulumi.output("vault") },
      nodeVersion: pulumi.output(22),
    },
    login,
  );
  expect(planned.resources).toEqual([]);
  expect(planned).not.toHaveProperty("vaultName");
  expect(planned).not.toHaveProperty("nodeVersion");
});
