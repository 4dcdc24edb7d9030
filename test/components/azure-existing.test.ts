import { inSubscription } from "../../components/relay/relay-group.ts";
import { SourceArguments } from "../../components/settings/source-arguments.ts";
import { armResourceTypes } from "../../packages/local-cloud/src/azure/arm/resource-types.ts";
import { guidOf } from "../../relay/deploy/resources/arm/guid.ts";
import { declareSource, findInputs } from "./declare-source.ts";
import type { DeclaredResource } from "./stack.ts";

const scope = "/subscriptions/sub/resourceGroups/shared";
const workspaceId = `${scope}/providers/Microsoft.OperationalInsights/workspaces/logs`;
const actionGroupIds = ["a", "b"].map((name) => `${scope}/providers/Microsoft.Insights/actionGroups/${name}`);

test("existing resources are used and not declared; in a shared workspace every query reads the relay's lines only", async () => {
  const resources = await declareSource({
    environment: "prod",
    azureExisting: { resourceGroupId: scope, workspaceId, actionGroupIds },
  });
  for (const type of [":ResourceGroup", ":Workspace", ":ActionGroup"]) {
    expect(findInputs(resources, type)).toBeUndefined();
  }
  expect(findInputs(resources, ":StorageAccount").resourceGroupName).toBe("shared");
  expect(findInputs(resources, ":AppServicePlan")).toMatchObject({
    resourceGroupId: scope,
    body: { location: "northeurope" },
  });
  expect(findInputs(resources, ":Component").workspaceResourceId).toBe(workspaceId);
  expect(findInputs(resources, ":ArmResource", "-vault-audit").body.properties.workspaceId).toBe(workspaceId);
  for (const { inputs } of resources.filter(({ type }) => type.endsWith(":MetricAlert"))) {
    expect(inputs.actions).toMatchObject(actionGroupIds.map((actionGroupId) => ({ actionGroupId })));
  }
  const rules = resources.filter(({ type }) => type.endsWith(":ScheduledQueryRule"));
  expect(rules.length).toBeGreaterThan(5);
  for (const { inputs } of rules) {
    expect(inputs.actions.actionGroups).toEqual(actionGroupIds);
    expect(inputs.scopes).toEqual([workspaceId]);
  }
  const queries = [
    ...rules.map(({ inputs }) => inputs.criteria.allOf[0].query as string),
    findInputs(resources, ":ArmResource", "-workbook").body.properties.serializedData as string,
  ];
  for (const query of queries) {
    const tables = query.match(/\bApp[A-Z]\w+/g) ?? [];
    const filtered =
      query.match(/\bApp[A-Z]\w+ \| where _ResourceId =~ \\?"events-relay-monitoring-insights-id\\?"/g) ?? [];
    expect([query, filtered.length]).toEqual([query, tables.length]);
    // The daily cap applies to the whole workspace.
    expect(tables.length > 0 || query.includes("_LogOperation")).toBe(true);
  }
});

test("relays of the same name in one resource group have a workbook each", async () => {
  const pathOf = async (azureExisting: object) =>
    findInputs(await declareSource({ azureExisting }), ":ArmResource", "-workbook").path as string;
  const path = (...parts: string[]) => `providers/Microsoft.Insights/workbooks/${guidOf(...parts)}`;
  // Azure's id of a component has a name that is random.
  expect(await pathOf({ resourceGroupId: scope })).toBe(path("events-relay-monitoring-insights-id"));
  // A group of its own has a random name; a workbook that exists keeps its name.
  expect(await pathOf({})).toBe(path("events-relay", "events-relay-monitoring"));
});

test("in an existing resource group everything is in its region, whatever azure-native:location says", async () => {
  const located = (resources: readonly DeclaredResource[]) =>
    resources.filter(({ type }) => armResourceTypes.get(type)?.located && !type.endsWith(":ResourceGroup"));
  const declared = located(await declareSource({ environment: "prod", azureExisting: { resourceGroupId: scope } }));
  expect(declared.length).toBeGreaterThan(15);
  const elsewhere = declared.filter(({ inputs }) => !["northeurope", "global", "Global"].includes(inputs.location));
  expect(elsewhere.map(({ type }) => type)).toEqual([]);
  // In a group of its own, azure-native's default is that group's region.
  const own = located(await declareSource({ environment: "prod" }));
  expect(own.some(({ inputs }) => inputs.location === "northeurope")).toBe(false);
});

const vaults = `${scope}/providers/Microsoft.KeyVault/vaults`;
const identities = `${scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const theirIdentity = {
  "azure-native:managedidentity:getUserAssignedIdentity": { principalId: "their-principal", clientId: "their-client" },
};

test("an existing vault gets only the relay's secrets, under names of their own, which a destroy disables", async () => {
  const vaultId = `${vaults}/shared`;
  const resources = await declareSource({ environment: "prod", azureExisting: { vaultId } });
  expect(findInputs(resources, ":keyvault:Vault")).toBeUndefined();
  const secrets = resources.filter(({ type }) => type.endsWith(":VaultSecret"));
  expect(secrets).toHaveLength(3);
  for (const { inputs } of secrets) {
    expect(inputs).toMatchObject({ vaultId, disableWhenDeleted: true });
    expect(inputs.name).toMatch(
      /^(customerio-signing-keys|platform-client-secret|platform-streaming-url)-[0-9a-f]{8}$/,
    );
  }
  expect(Object.keys(findInputs(resources, ":FormerVersions").secrets).sort()).toEqual(
    secrets.map(({ inputs }) => inputs.name).sort(),
  );
  // Roles are assigned on the secrets only. Shared resources get no lock, audit log or alert.
  const onVault = resources.filter(({ inputs }) =>
    JSON.stringify(inputs.parentId ?? inputs.scopes ?? "").includes("/vaults/"),
  );
  expect(onVault).toEqual([]);
  const own = await declareSource({ environment: "prod" });
  const named = own.filter(({ type }) => type.endsWith(":VaultSecret")).map(({ inputs }) => inputs);
  expect(named.map(({ name }) => name).sort()).toEqual([
    "customerio-signing-keys",
    "platform-client-secret",
    "platform-streaming-url",
  ]);
  expect(named.every((inputs) => inputs.disableWhenDeleted === undefined)).toBe(true);
});

test("an existing identity gets the relay's roles, and the app uses it", async () => {
  const identityId = `${identities}/shared`;
  const resources = await declareSource({ azureExisting: { identityId } }, theirIdentity);
  expect(findInputs(resources, ":UserAssignedIdentity")).toBeUndefined();
  const assignments = resources.filter(({ inputs }) => /\/roleAssignments\//.test(String(inputs.path)));
  expect(assignments.length).toBeGreaterThan(5);
  for (const { inputs } of assignments) expect(inputs.body.properties.principalId).toBe("their-principal");
  const { identity, properties } = findInputs(resources, ":FunctionApp").body;
  expect(identity.userAssignedIdentities).toEqual({ [identityId]: {} });
  expect(properties.keyVaultReferenceIdentity).toBe(identityId);
  const { properties: settings } = findInputs(resources, ":WebAppApplicationSettings");
  expect(settings.AzureWebJobsStorage__clientId).toBe("their-client");
});

test.each([
  ["vaultId", `${identities}/i`],
  ["vaultId", `${vaults}/v/secrets/s`],
  ["identityId", `${vaults}/v`],
  ["identityId", "my-identity"],
])("an id of another kind of resource is refused before anything is created: %s %s", (name, id) => {
  expect(() => new SourceArguments({ azureExisting: { [name]: id } }).read()).toThrow(`azureExisting.${name}`);
});

test("a resource group of another subscription is refused", () => {
  const setting = "azureExisting.resourceGroupId";
  expect(inSubscription(scope, "SUB", setting)).toBe(scope);
  expect(() => inSubscription(scope, "other", setting)).toThrow(
    /^azureExisting\.resourceGroupId .*azure-native:subscriptionId sub/,
  );
});
