import { readFileSync } from "node:fs";
import path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { azureName, compactStem } from "../../components/relay/azure/azure-names.ts";
import { SourceArguments } from "../../components/settings/source-arguments.ts";
import { armResourceTypes } from "../../packages/local-cloud/src/azure/arm/resource-types.ts";
import { type AzureQuery, plannedRelaySchema } from "../../relay/deploy/preflight/azure-question.ts";
import { checkResourceProviders } from "../../relay/deploy/preflight/resource-providers.ts";
import { azureChoices, environmentChoices, environments } from "../../settings/azure-settings.ts";
import { declareSource, findInputs } from "./declare-source.ts";
import { configureWithCredentials, type DeclaredResource, declareBy } from "./stack.ts";

/** What an environment determines, as sent to Azure. */
function summary(resources: readonly DeclaredResource[]) {
  const atPath = (pattern: RegExp) => resources.filter(({ inputs }) => pattern.test(String(inputs.path)));
  const { properties: vault } = findInputs(resources, ":keyvault:Vault");
  const rules = findInputs(resources, ":ArmResource", "-sweep").body.properties.policy.rules;
  return {
    skus: resources.filter(({ type }) => type.endsWith(":StorageAccount")).map(({ inputs }) => inputs.sku.name),
    zoneRedundant: findInputs(resources, ":AppServicePlan").body.properties.zoneRedundant,
    purgeProtection: vault.enablePurgeProtection,
    vaultDays: vault.softDeleteRetentionInDays,
    secretsExpire: resources
      .filter(({ type }) => type.endsWith(":VaultSecret"))
      .every(({ inputs }) => inputs.expiresAt !== undefined),
    disablesFormer: findInputs(resources, ":FormerVersions") !== undefined,
    blobs: findInputs(resources, ":ArmResource", "-blob-service").body.properties,
    sweeps: rules.map(({ name }: { name: string }) => name),
    cap: findInputs(resources, ":Workspace").workspaceCapping.dailyQuotaGb,
    locks: atPath(/\/locks\//).map(({ inputs }) => [inputs.parentId, inputs.body.properties.level]),
    diagnosed: atPath(/\/diagnosticSettings\//).map(({ inputs }) => inputs.parentId),
  };
}

const account = `${azureName("storageAccount", compactStem("events-relay"))}-id`;
const hostAccount = `${azureName("storageAccount", `${compactStem("events-relay")}host`)}-id`;
const vaultId = `${azureName("vault", compactStem("events-relay"))}-id`;

test("dev is cheap and easy to delete", async () => {
  expect(summary(await declareSource())).toEqual({
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
  expect(summary(await declareSource({ environment: "prod" }))).toEqual({
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
  const resources = await declareSource({
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

test.each([
  ["dev", undefined],
  ["prod", true],
] as const)(
  "in %s, the account and its guard leave protect to the component's option, or set it: %p",
  async (environment, protect) => {
    configureWithCredentials();
    const options: Record<string, unknown> = {};
    const transformations: pulumi.ResourceTransformation[] = [
      ({ type, name, opts }) => {
        options[`${type} ${name}`] = opts.protect;
        return undefined;
      },
    ];
    await declareBy(() => {
      return { id: new CustomerIoSource("events", { environment }, { transformations }).webhookId };
    });
    expect(options).toMatchObject({
      [`azure-native:storage:StorageAccount ${account.slice(0, -"-id".length)}`]: protect,
      "customerio-aep:index:RelayGuard events-relay-guard": protect,
    });
  },
);

test.each(environments)("storage accounts and the workspace accept no keys in %s", async (environment) => {
  const resources = await declareSource({ environment });
  for (const { inputs } of resources.filter(({ type }) => type.endsWith(":StorageAccount"))) {
    expect(inputs).toMatchObject({
      allowSharedKeyAccess: false,
      isLocalUserEnabled: false,
      allowedCopyScope: "AAD",
      sasPolicy: { expirationAction: "Block", sasExpirationPeriod: "00.01:00:00" },
      encryption: { requireInfrastructureEncryption: true },
    });
  }
  expect(findInputs(resources, ":Workspace").features.disableLocalAuth).toBe(true);
  const { siteConfig } = findInputs(resources, ":FunctionApp").body.properties;
  expect(siteConfig).toEqual({ minTlsVersion: "1.2", scmMinTlsVersion: "1.2" });
});

/** The contents and the roles of each account, by its id. */
function layout(resources: readonly DeclaredResource[]) {
  const settings = findInputs(resources, ":WebAppApplicationSettings").properties;
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
    code: findInputs(resources, ":FunctionApp").body.properties.functionAppConfig.deployment.storage.value,
    packageContainer: findInputs(resources, ":FunctionCode").packageContainer,
  };
}

test("with one storage account the host keeps its locks, keys and code beside the events", async () => {
  const blob = `https://${account.replace(/-id$/, "")}.blob.example/`;
  expect(layout(await declareSource())).toEqual({
    containers: ["claims", "code", "dead-letters"].map((container) => `${account}: ${container}`),
    roles: [`events-relay-storage-blob-data-owner on ${account}`],
    host: blob,
    events: blob,
    code: `${blob}code`,
    // Absent, so that a stack of an earlier version deploys nothing again.
    packageContainer: undefined,
  });
});

test("with two the host's account holds no events, and the host's roles give no access to them", async () => {
  const blob = `https://${account.replace(/-id$/, "")}.blob.example/`;
  const hostBlob = `https://${hostAccount.replace(/-id$/, "")}.blob.example/`;
  expect(layout(await declareSource({ azure: { separateHostStorage: true } }))).toEqual({
    containers: [`${account}: claims`, `${account}: dead-letters`, `${hostAccount}: code`].toSorted(),
    roles: [
      "events-relay-claims on events-relay-storage-claims-id",
      "events-relay-dead-letters on events-relay-storage-dead-letters-id",
      `events-relay-host-storage on ${hostAccount}`,
    ],
    host: hostBlob,
    events: blob,
    code: `${hostBlob}code`,
    packageContainer: `${hostBlob}code`,
  });
});

test("a move to two accounts keeps the account with the events, its queues and the app's name", async () => {
  const [one, two] = [await declareSource(), await declareSource({ azure: { separateHostStorage: true } })];
  const inputs = (resources: readonly DeclaredResource[], name: string) =>
    resources.find((resource) => resource.name === name)?.inputs;
  for (const name of [
    account.replace(/-id$/, ""),
    "events-relay-storage-events",
    "events-relay-storage-events-poison",
  ]) {
    expect(inputs(two, name)).toEqual(inputs(one, name));
  }
  expect(findInputs(two, ":AppServicePlan")).toEqual(findInputs(one, ":AppServicePlan"));
});

test("every taggable resource has the stack's tags and its own", async () => {
  const resources = await declareSource({ environment: "prod", azureTags: { costCenter: "crm" } });
  const untaggable = /:(WebAppApplicationSettings|WebAppFtpAllowed|WebAppScmAllowed)$/;
  const taggable = resources.filter(
    ({ type, inputs }) =>
      (type.startsWith("azure-native:") && !untaggable.test(type)) || inputs.body?.location !== undefined,
  );
  expect(taggable.length).toBeGreaterThan(15);
  const untaggedTypes = taggable.filter(({ inputs }) => (inputs.tags ?? inputs.body?.tags)?.costCenter !== "crm");
  expect(untaggedTypes.map(({ type }) => `components/relay/azure/azure-tags.ts does not tag ${type}`)).toEqual([]);
  expect(Object.keys(findInputs(resources, ":WebTest").tags)).toHaveLength(2);
  const untagged = await declareSource();
  expect(untagged.filter(({ inputs }) => inputs.body?.tags !== undefined)).toEqual([]);
});

test("secrets and DNS zones get the tags that Azure accepts for them", async () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`tag${index}`, "x"]));
  const azureTags = { ...many, "Cost Center": "crm", "team:owner": "crm", "1st": "x" };
  const resources = await declareSource({ azureTags, privateNetwork: { enabled: true } });
  const tagsOf = (matches: (resource: (typeof resources)[number]) => boolean) =>
    resources.filter(matches).map(({ inputs }) => Object.keys(inputs.tags ?? inputs.body.tags));
  const ofSecrets = tagsOf(({ type }) => type.endsWith(":VaultSecret"));
  expect(ofSecrets.length).toBeGreaterThan(0);
  for (const names of ofSecrets) expect(names).toHaveLength(15);
  const ofZones = tagsOf(({ inputs }) => /\/privateDnsZones\/|^virtualNetworkLinks\//.test(inputs.path ?? ""));
  // Blobs, queues, tables and the vault have a zone and a link each.
  expect(ofZones).toHaveLength(8);
  for (const names of ofZones) expect(names.toSorted()).toEqual(Object.keys(many).toSorted());
  const [network] = tagsOf(({ inputs }) => /\/virtualNetworks\//.test(inputs.path ?? ""));
  expect(network?.toSorted()).toEqual(Object.keys(azureTags).toSorted());
});

test("preflight checks the resource provider of every type that a relay needs", async () => {
  const resources = await declareSource({ environment: "prod" });
  const armTypes = resources.flatMap(({ type }) => armResourceTypes.get(type)?.armType ?? []);
  const checked: string[] = [];
  const askAzure = async ({ path: asked }: { path: string }) => {
    checked.push(path.basename(asked));
    return { registrationState: "Registered" };
  };
  await checkResourceProviders(
    askAzure as unknown as AzureQuery,
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
  const resources = await declareSource({
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
  expect(findInputs(resources, ":ResourceGroup").resourceGroupName).toBe("rg-crm");
  expect(findInputs(resources, ":UserAssignedIdentity").resourceName).toBe("id-crm");
  const accounts = resources.filter(({ type }) => type.endsWith(":StorageAccount"));
  expect(accounts.map(({ inputs }) => inputs.accountName).toSorted()).toEqual(["stcrm", "sthostcrm"]);
  expect(findInputs(resources, ":keyvault:Vault").vaultName).toBe("kv-crm");
  expect(findInputs(resources, ":Workspace").workspaceName).toBe("log-crm");
  expect(findInputs(resources, ":Component").resourceName).toBe("appi-crm");
  expect(findInputs(resources, ":ActionGroup").actionGroupName).toBe("ag-crm");
  expect(findInputs(resources, ":AppServicePlan").planName).toMatch(/^func-crm-[0-9a-f]{8}$/);
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

test("docs/azure.md describes the choices of each environment", () => {
  const text = readFileSync(path.resolve(import.meta.dirname, "../../docs/azure.md"), "utf8");
  const rows = Object.keys(azureChoices.shape).map((choice) => {
    const name = choice as keyof typeof azureChoices.shape;
    return `| \`${name}\` | \`${environmentChoices.dev[name]}\` | \`${environmentChoices.prod[name]}\` |`;
  });
  expect(rows.filter((row) => !text.includes(row))).toEqual([]);
});
