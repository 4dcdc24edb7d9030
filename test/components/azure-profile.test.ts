import { readFileSync } from "node:fs";
import path from "node:path";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { azureName, compactStem } from "../../components/relay/azure/azure-names.ts";
import { inSubscription } from "../../components/relay/relay-group.ts";
import { type CustomerIoSourceArgs, SourceArguments } from "../../components/settings/source-arguments.ts";
import { armResourceTypes } from "../../packages/local-cloud/src/azure/arm/resource-types.ts";
import { type Asker, plannedRelaySchema } from "../../relay/deploy/preflight/azure-question.ts";
import { checkResourceProviders } from "../../relay/deploy/preflight/resource-providers.ts";
import { azureChoices, environmentChoices, environments } from "../../settings/azure-settings.ts";
import { type Answers, configureWithCredentials, type DeclaredResource, declareBy } from "./stack.ts";

async function declareResources(args: CustomerIoSourceArgs = {}, answers: Answers = {}): Promise<DeclaredResource[]> {
  configureWithCredentials();
  const group = { "azure-native:resources:getResourceGroup": { location: "northeurope" } };
  const program = () => ({ id: new CustomerIoSource("events", args).webhookId });
  return (await declareBy(program, { ...group, ...answers })).resources;
}

function inputsOf(resources: readonly DeclaredResource[], type: string, end = ""): DeclaredResource["inputs"] {
  return resources.find((resource) => resource.type.endsWith(type) && resource.name.endsWith(end))?.inputs;
}

/** What an environment determines, as sent to Azure. */
function summary(resources: readonly DeclaredResource[]) {
  const atPath = (pattern: RegExp) => resources.filter(({ inputs }) => pattern.test(String(inputs.path)));
  const { properties: vault } = inputsOf(resources, ":keyvault:Vault");
  const rules = inputsOf(resources, ":ArmResource", "-sweep").body.properties.policy.rules;
  return {
    skus: resources.filter(({ type }) => type.endsWith(":StorageAccount")).map(({ inputs }) => inputs.sku.name),
    zoneRedundant: inputsOf(resources, ":AppServicePlan").body.properties.zoneRedundant,
    purgeProtection: vault.enablePurgeProtection,
    vaultDays: vault.softDeleteRetentionInDays,
    secretsExpire: resources
      .filter(({ type }) => type.endsWith(":VaultSecret"))
      .every(({ inputs }) => inputs.expiresAt !== undefined),
    disablesFormer: inputsOf(resources, ":FormerVersions") !== undefined,
    blobs: inputsOf(resources, ":ArmResource", "-blob-service").body.properties,
    sweeps: rules.map(({ name }: { name: string }) => name),
    cap: inputsOf(resources, ":Workspace").workspaceCapping.dailyQuotaGb,
    locks: atPath(/\/locks\//).map(({ inputs }) => [inputs.parentId, inputs.body.properties.level]),
    diagnosed: atPath(/\/diagnosticSettings\//).map(({ inputs }) => inputs.parentId),
  };
}

const account = `${azureName("storageAccount", compactStem("events-relay"))}-id`;
const hostAccount = `${azureName("storageAccount", `${compactStem("events-relay")}host`)}-id`;
const vaultId = `${azureName("vault", compactStem("events-relay"))}-id`;

test("dev is cheap and easy to delete", async () => {
  expect(summary(await declareResources())).toEqual({
    skus: ["Standard_LRS"],
    zoneRedundant: false,
    purgeProtection: undefined,
    vaultDays: 7,
    secretsExpire: false,
    disablesFormer: false,
    blobs: {
      deleteRetentionPolicy: { enabled: false },
      containerDeleteRetentionPolicy: { enabled: false },
      isVersioningEnabled: false,
    },
    sweeps: ["sweep-claims"],
    cap: -1,
    locks: [],
    diagnosed: [],
  });
});

test("prod survives the loss of a zone, keeps deleted data, and is locked, monitored and capped", async () => {
  const kept = { enabled: true, days: 14 };
  expect(summary(await declareResources({ environment: "prod" }))).toEqual({
    skus: ["Standard_ZRS", "Standard_ZRS"],
    zoneRedundant: true,
    purgeProtection: true,
    vaultDays: 90,
    secretsExpire: true,
    disablesFormer: true,
    blobs: { deleteRetentionPolicy: kept, containerDeleteRetentionPolicy: kept, isVersioningEnabled: true },
    sweeps: ["sweep-claims", "sweep-versions"],
    cap: 10,
    locks: [
      [account, "CanNotDelete"],
      [vaultId, "CanNotDelete"],
    ],
    diagnosed: [vaultId, `${account}/blobServices/default`, `${hostAccount}/blobServices/default`, "events-relay-id"],
  });
});

test("every choice of an environment can be overridden", async () => {
  const resources = await declareResources({
    environment: "prod",
    azure: {
      storageRedundancy: "RAGZRS",
      separateHostStorage: false,
      zoneRedundant: false,
      purgeProtection: false,
      vaultRetentionDays: 30,
      secretLifetimeDays: 0,
      disableFormerSecrets: false,
      softDeleteDays: 0,
      deleteLocks: false,
      protect: false,
      diagnosticSettings: false,
      dailyLogQuotaGb: 2.5,
    },
  });
  expect(summary(resources)).toMatchObject({
    skus: ["Standard_RAGZRS"],
    zoneRedundant: false,
    purgeProtection: undefined,
    vaultDays: 30,
    secretsExpire: false,
    disablesFormer: false,
    sweeps: ["sweep-claims"],
    cap: 2.5,
    locks: [],
    diagnosed: [],
  });
});

test.each(environments)("storage accounts and the workspace accept no keys in %s", async (environment) => {
  const resources = await declareResources({ environment });
  for (const { inputs } of resources.filter(({ type }) => type.endsWith(":StorageAccount"))) {
    expect(inputs).toMatchObject({
      allowSharedKeyAccess: false,
      isLocalUserEnabled: false,
      allowedCopyScope: "AAD",
      sasPolicy: { expirationAction: "Block", sasExpirationPeriod: "00.01:00:00" },
      encryption: { requireInfrastructureEncryption: true },
    });
  }
  expect(inputsOf(resources, ":Workspace").features.disableLocalAuth).toBe(true);
  const { siteConfig } = inputsOf(resources, ":FunctionApp").body.properties;
  expect(siteConfig).toEqual({ minTlsVersion: "1.2", scmMinTlsVersion: "1.2" });
});

/** The contents and the roles of each account, by its id. */
function layout(resources: readonly DeclaredResource[]) {
  const settings = inputsOf(resources, ":WebAppApplicationSettings").properties;
  return {
    containers: resources
      .flatMap(({ inputs }) => {
        const [, container] = String(inputs.path).match(/containers\/([^/]+)$/) ?? [];
        return container === undefined ? [] : [`${inputs.parentId}: ${container}`];
      })
      .toSorted(),
    roles: resources
      .filter(({ name }) => /-(storage-blob-data-owner|host-storage|claims|dead-letters)$/.test(name))
      .filter(({ inputs }) => /roleAssignments/.test(inputs.path))
      .map(({ name, inputs }) => `${name} on ${inputs.parentId}`)
      .toSorted(),
    host: settings.AzureWebJobsStorage__blobServiceUri,
    events: settings.RELAY_STORAGE__blobServiceUri,
    code: inputsOf(resources, ":FunctionApp").body.properties.functionAppConfig.deployment.storage.value,
    packageContainer: inputsOf(resources, ":FunctionCode").packageContainer,
  };
}

test("with one storage account the host keeps its locks, keys and code beside the events", async () => {
  const blob = `https://${account.replace(/-id$/, "")}.blob.example/`;
  expect(layout(await declareResources())).toEqual({
    containers: ["claims", "code", "dead-letters"].map((container) => `${account}: ${container}`),
    roles: [`events-relay-storage-blob-data-owner on ${account}`],
    ...{ host: blob, events: blob, code: `${blob}code` },
    // Absent, so that a stack of an earlier version deploys nothing again.
    packageContainer: undefined,
  });
});

test("with two the host's account holds no events, and the host's roles give no access to them", async () => {
  const blob = `https://${account.replace(/-id$/, "")}.blob.example/`;
  const hostBlob = `https://${hostAccount.replace(/-id$/, "")}.blob.example/`;
  expect(layout(await declareResources({ azure: { separateHostStorage: true } }))).toEqual({
    containers: [`${account}: claims`, `${account}: dead-letters`, `${hostAccount}: code`].toSorted(),
    roles: [
      "events-relay-claims on events-relay-storage-claims-id",
      "events-relay-dead-letters on events-relay-storage-dead-letters-id",
      `events-relay-host-storage on ${hostAccount}`,
    ],
    ...{ host: hostBlob, events: blob, code: `${hostBlob}code`, packageContainer: `${hostBlob}code` },
  });
});

test("a move to two accounts keeps the account with the events, its queues and the app's name", async () => {
  const [one, two] = [await declareResources(), await declareResources({ azure: { separateHostStorage: true } })];
  const inputs = (resources: readonly DeclaredResource[], name: string) =>
    resources.find((resource) => resource.name === name)?.inputs;
  for (const name of [
    account.replace(/-id$/, ""),
    "events-relay-storage-events",
    "events-relay-storage-events-poison",
  ]) {
    expect(inputs(two, name)).toEqual(inputs(one, name));
  }
  expect(inputsOf(two, ":AppServicePlan")).toEqual(inputsOf(one, ":AppServicePlan"));
});

test("every taggable resource has the stack's tags and its own", async () => {
  const resources = await declareResources({ environment: "prod", azureTags: { costCenter: "crm" } });
  const untaggable = /:(WebAppApplicationSettings|WebAppFtpAllowed|WebAppScmAllowed)$/;
  const taggable = resources.filter(
    ({ type, inputs }) =>
      (type.startsWith("azure-native:") && !untaggable.test(type)) || inputs.body?.location !== undefined,
  );
  expect(taggable.length).toBeGreaterThan(15);
  const untaggedTypes = taggable.filter(({ inputs }) => (inputs.tags ?? inputs.body?.tags)?.costCenter !== "crm");
  expect(untaggedTypes.map(({ type }) => `components/relay/azure/azure-tags.ts does not tag ${type}`)).toEqual([]);
  expect(Object.keys(inputsOf(resources, ":WebTest").tags)).toHaveLength(2);
  const untagged = await declareResources();
  expect(untagged.filter(({ inputs }) => inputs.body?.tags !== undefined)).toEqual([]);
});

test("preflight checks the resource provider of every type that a relay needs", async () => {
  const resources = await declareResources({ environment: "prod" });
  const armTypes = resources.flatMap(({ type }) => armResourceTypes.get(type)?.armType ?? []);
  const checked: string[] = [];
  const askAzure = async ({ path: asked }: { path: string }) => {
    checked.push(path.basename(asked));
    return { registrationState: "Registered" };
  };
  await checkResourceProviders(
    askAzure as unknown as Asker,
    plannedRelaySchema.parse({ subscriptionId: "s", stack: "p/s" }),
  );
  // Azure has these registered in every subscription.
  const alwaysRegistered = ["Microsoft.Authorization", "Microsoft.Resources"];
  const needed = new Set(armTypes.map((type) => type.split("/")[0] ?? ""));
  expect(needed.size).toBeGreaterThan(5);
  const unchecked = [...needed].filter((namespace) => ![...alwaysRegistered, ...checked].includes(namespace));
  expect(unchecked.map((namespace) => `relay/deploy/preflight/resource-providers.ts lacks ${namespace}`)).toEqual([]);
});

test("names in the settings are used unchanged; the app's has the account's digits, so that a new account gets a new app", async () => {
  const resources = await declareResources({
    azure: { separateHostStorage: true },
    azureNames: {
      resourceGroup: "rg-crm",
      site: "func-crm",
      identity: "id-crm",
      storageAccount: "stcrm",
      hostStorageAccount: "sthostcrm",
      vault: "kv-crm",
      workspace: "log-crm",
      component: "appi-crm",
      actionGroup: "ag-crm",
    },
  });
  expect(inputsOf(resources, ":ResourceGroup").resourceGroupName).toBe("rg-crm");
  expect(inputsOf(resources, ":UserAssignedIdentity").resourceName).toBe("id-crm");
  const accounts = resources.filter(({ type }) => type.endsWith(":StorageAccount"));
  expect(accounts.map(({ inputs }) => inputs.accountName).toSorted()).toEqual(["stcrm", "sthostcrm"]);
  expect(inputsOf(resources, ":keyvault:Vault").vaultName).toBe("kv-crm");
  expect(inputsOf(resources, ":Workspace").workspaceName).toBe("log-crm");
  expect(inputsOf(resources, ":Component").resourceName).toBe("appi-crm");
  expect(inputsOf(resources, ":ActionGroup").actionGroupName).toBe("ag-crm");
  expect(inputsOf(resources, ":AppServicePlan").planName).toMatch(/^func-crm-[0-9a-f]{8}$/);
});

test.each([
  ["vault", "1-crm"],
  ["vault", "kv--crm"],
  ["storageAccount", "st-crm"],
  ["hostStorageAccount", "st-crm"],
  ["workspace", "log"],
  ["site", "-crm"],
])("a name of the %s that Azure would refuse is refused before anything is created: %s", (kind, name) => {
  expect(() => new SourceArguments({ azureNames: { [kind]: name } }).read()).toThrow(`azureNames.${kind}`);
});

const scope = "/subscriptions/sub/resourceGroups/shared";
const workspaceId = `${scope}/providers/Microsoft.OperationalInsights/workspaces/logs`;
const actionGroupIds = ["a", "b"].map((name) => `${scope}/providers/Microsoft.Insights/actionGroups/${name}`);

test("existing resources are used and not declared; in a shared workspace every query reads the relay's lines only", async () => {
  const resources = await declareResources({
    environment: "prod",
    azureExisting: { resourceGroupId: scope, workspaceId, actionGroupIds },
  });
  for (const type of [":ResourceGroup", ":Workspace", ":ActionGroup"])
    expect(inputsOf(resources, type)).toBeUndefined();
  expect(inputsOf(resources, ":StorageAccount").resourceGroupName).toBe("shared");
  expect(inputsOf(resources, ":AppServicePlan")).toMatchObject({
    resourceGroupId: scope,
    body: { location: "northeurope" },
  });
  expect(inputsOf(resources, ":Component").workspaceResourceId).toBe(workspaceId);
  expect(inputsOf(resources, ":ArmResource", "-vault-audit").body.properties.workspaceId).toBe(workspaceId);
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
    inputsOf(resources, ":ArmResource", "-workbook").body.properties.serializedData as string,
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

const vaults = `${scope}/providers/Microsoft.KeyVault/vaults`;
const identities = `${scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const theirIdentity = {
  "azure-native:managedidentity:getUserAssignedIdentity": { principalId: "their-principal", clientId: "their-client" },
};

test("an existing vault gets only the relay's secrets, under names of their own, which a destroy disables", async () => {
  const vaultId = `${vaults}/shared`;
  const resources = await declareResources({ environment: "prod", azureExisting: { vaultId } });
  expect(inputsOf(resources, ":keyvault:Vault")).toBeUndefined();
  const secrets = resources.filter(({ type }) => type.endsWith(":VaultSecret"));
  expect(secrets).toHaveLength(3);
  for (const { inputs } of secrets) {
    expect(inputs).toMatchObject({ vaultId, disableWhenDeleted: true });
    expect(inputs.name).toMatch(
      /^(customerio-signing-keys|platform-client-secret|platform-streaming-url)-[0-9a-f]{8}$/,
    );
  }
  expect(Object.keys(inputsOf(resources, ":FormerVersions").secrets).sort()).toEqual(
    secrets.map(({ inputs }) => inputs.name).sort(),
  );
  // Roles are assigned on the secrets only. Shared resources get no lock, audit log or alert.
  const onVault = resources.filter(({ inputs }) =>
    JSON.stringify(inputs.parentId ?? inputs.scopes ?? "").includes("/vaults/"),
  );
  expect(onVault).toEqual([]);
  const own = await declareResources({ environment: "prod" });
  const named = own.filter(({ type }) => type.endsWith(":VaultSecret")).map(({ inputs }) => inputs);
  expect(named.map(({ name }) => name).sort()).toEqual([
    ...["customerio-signing-keys", "platform-client-secret", "platform-streaming-url"],
  ]);
  expect(named.every((inputs) => inputs.disableWhenDeleted === undefined)).toBe(true);
});

test("an existing identity gets the relay's roles, and the app uses it", async () => {
  const identityId = `${identities}/shared`;
  const resources = await declareResources({ azureExisting: { identityId } }, theirIdentity);
  expect(inputsOf(resources, ":UserAssignedIdentity")).toBeUndefined();
  const assignments = resources.filter(({ inputs }) => /\/roleAssignments\//.test(String(inputs.path)));
  expect(assignments.length).toBeGreaterThan(5);
  for (const { inputs } of assignments) expect(inputs.body.properties.principalId).toBe("their-principal");
  const { identity, properties } = inputsOf(resources, ":FunctionApp").body;
  expect(identity.userAssignedIdentities).toEqual({ [identityId]: {} });
  expect(properties.keyVaultReferenceIdentity).toBe(identityId);
  const { properties: settings } = inputsOf(resources, ":WebAppApplicationSettings");
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

test("docs/azure.md describes the choices of each environment", () => {
  const text = readFileSync(path.resolve(import.meta.dirname, "../../docs/azure.md"), "utf8");
  const rows = Object.keys(azureChoices.shape).map((choice) => {
    const name = choice as keyof typeof azureChoices.shape;
    return `| \`${name}\` | \`${environmentChoices.dev[name]}\` | \`${environmentChoices.prod[name]}\` |`;
  });
  expect(rows.filter((row) => !text.includes(row))).toEqual([]);
});

test("logRetentionDays applies to every table of the relay's logs, and to the workspace", async () => {
  const resources = await declareResources({ logRetentionDays: 120 });
  const workspace = inputsOf(resources, ":operationalinsights:Workspace");
  expect([workspace.retentionInDays, workspace.features.immediatePurgeDataOn30Days]).toEqual([120, false]);
  const tables = resources.flatMap(({ inputs }) => (/^tables\//.test(String(inputs.path)) ? [inputs] : []));
  const names = [
    "Traces",
    "Requests",
    "Exceptions",
    "Dependencies",
    "Metrics",
    "Events",
    "PageViews",
    "PerformanceCounters",
  ];
  expect(tables.map(({ path }) => path).sort()).toEqual(
    [...names, "AvailabilityResults", "BrowserTimings", "SystemEvents"].map((name) => `tables/App${name}`).sort(),
  );
  const properties = { retentionInDays: 120, totalRetentionInDays: 120 };
  for (const { parentId, body } of tables)
    expect([parentId, body]).toEqual([`${azureName("workspace", "events-relay-monitoring-logs")}-id`, { properties }]);
});

test("30 days are the default, and the tables of an existing workspace are not changed", async () => {
  expect(inputsOf(await declareResources(), ":operationalinsights:Workspace").features.immediatePurgeDataOn30Days).toBe(
    true,
  );
  const workspaceId = `/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w`;
  const resources = await declareResources({ azureExisting: { workspaceId }, logRetentionDays: 120 });
  expect(
    resources.filter(({ type, inputs }) => type.endsWith(":Workspace") || /^tables\//.test(String(inputs.path))),
  ).toEqual([]);
});
