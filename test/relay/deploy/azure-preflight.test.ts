import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import axios from "axios";
import { defaultAzureSwitches } from "../../../packages/local-cloud/src/azure/switches.ts";
import {
  callerToken,
  groupId,
  make,
  remove,
  startTestAzure,
  subscriptionId,
  type TestAzure,
} from "../../../packages/local-cloud/test/azure/support.ts";
import { VendorError } from "../../../packages/pulumi-provider-kit/src/http/vendor-error.ts";
import { AzureClient } from "../../../relay/deploy/client/client.ts";
import { getAzurePreflight } from "../../../relay/deploy/functions/azure-preflight.ts";
import { hasRelay } from "../../../relay/deploy/preflight/existing-relay.ts";

type Given = Parameters<typeof getAzurePreflight.call>[1];

let cloud: TestAzure;
const signal = new AbortController().signal;

beforeAll(async () => {
  cloud = await startTestAzure();
  await cloud.azure.provider.configure({ location: "westeurope" });
});
afterEach(() => cloud.azure.change(defaultAzureSwitches));
afterAll(() => cloud.stop());

/** A stack that the local subscription accepts. */
const fine: Given = {
  subscriptionId,
  stack: "project/dev",
  project: "project",
  location: "West Europe",
  objectId: "object",
  nodeVersion: "22",
  zoneRedundant: true,
  storageRedundancy: "ZRS",
  storageAccounts: 1,
  actions: ["Microsoft.Storage/storageAccounts/write", "Microsoft.Authorization/roleAssignments/write"],
  namespaces: [],
  existing: [],
  resources: [
    {
      type: "Microsoft.Storage/storageAccounts",
      apiVersion: "2024-01-01",
      content: { sku: { name: "Standard_ZRS" }, properties: { allowBlobPublicAccess: false } },
    },
  ],
};

async function ask(given: Partial<Given> = {}, of: TestAzure = cloud, armUrl = of.azure.armUrl) {
  const login = () => callerToken(of.azure.provider);
  const client = new AzureClient({ armUrl }, { login });
  return getAzurePreflight.call(client, { ...fine, ...given }, signal);
}

test("a usual subscription has no problems, and every check ran", async () => {
  expect(await ask()).toEqual({ problems: [], unchecked: [] });
});

test("a list that Azure returns in pages, the first one empty, is read to its end", async () => {
  const { provider } = cloud.azure;
  const group = await make(provider, "resources:ResourceGroup", "group", { resourceGroupName: "group" });
  const inGroup = { resourceGroupName: "group", vaultName: "paged" };
  await make(provider, "keyvault:Vault", "paged", { ...inGroup, properties: { tenantId: "t" } });
  const paging = await startPaging(cloud.azure.armUrl);
  try {
    expect(await ask({ vaultName: "paged" }, cloud, paging.url)).toEqual({ problems: [], unchecked: [] });
    cloud.azure.change({ storageAccountLimit: 0 });
    expect((await ask({}, cloud, paging.url)).problems).toHaveLength(1);
  } finally {
    await paging.close();
    await remove(provider, group);
  }
});

test("it reports a region without the plan, its zones, the redundancy or the Node.js version, each with what to set", async () => {
  cloud.azure.change({ regionsWithoutZones: ["westeurope"], nodeVersions: ["22", "24"] });
  expect((await ask({ nodeVersion: "20" })).problems).toEqual([
    expect.stringMatching(
      /^The region West Europe has no availability zones for Flex .*npx pulumi config set --path azure\.zoneRedundant false\..*az functionapp list-flexconsumption-locations --zone-redundant true/,
    ),
    expect.stringMatching(
      /^The region West Europe does not offer Node\.js 20 on Flex Consumption, but 22, 24\. .*npx pulumi config set nodeVersion 24\. .*az functionapp list-flexconsumption-runtimes --location westeurope --runtime node/,
    ),
    expect.stringMatching(/redundancy ZRS to this subscription, but LRS, GRS, RAGRS\. .*azure\.storageRedundancy LRS/),
  ]);
  cloud.azure.change({ regionsWithoutFlex: ["westeurope"], regionsWithoutZones: [] });
  expect((await ask()).problems).toEqual([
    expect.stringMatching(
      /^The region West Europe does not offer the plan Flex Consumption\. .*azure-native:location <region>.*az functionapp list-flexconsumption-locations/,
    ),
  ]);
});

test("without a project, it names the arguments of the program", async () => {
  cloud.azure.change({ regionsWithoutZones: ["westeurope"], nodeVersions: ["22", "24"], policies: ["redundancy"] });
  const resources = [{ type: "Microsoft.Storage/storageAccounts", apiVersion: "2024-01-01", content: {} }];
  const vaultId = `${groupId}/providers/Microsoft.KeyVault/vaults/none`;
  const existing = [{ setting: "azureExisting.vaultId", id: vaultId, apiVersion: "2024-11-01", actions: [] }];
  const { problems } = await ask({ project: undefined, nodeVersion: "20", resources, existing });
  const said = problems.join("\n");
  expect(said).not.toMatch(/pulumi config (?!set azure-native:location)/);
  for (const remedy of [
    "set the argument azure.zoneRedundant to false",
    "set the argument nodeVersion to 24",
    "set the argument azure.storageRedundancy to",
    "set the argument azureExisting.vaultId to <id>",
  ]) {
    expect(said).toContain(remedy);
  }
});

test("it reports resource providers that are not registered", async () => {
  cloud.azure.change({ unregisteredProviders: ["Microsoft.Web", "Microsoft.Insights"] });
  const [problem, ...others] = (await ask()).problems;
  expect(problem).toContain("is not registered for Microsoft.Web, Microsoft.Insights. Register it: ");
  expect(problem).toContain("az provider register --namespace Microsoft.Web --wait; az provider register --namespace");
  expect(others).toEqual([]);
});

test.each([
  [
    "a list of alerts is refused",
    new VendorError("not registered", { status: 409, code: "MissingSubscriptionRegistration" }),
  ],
  ["its resource group does not exist", new VendorError("gone", { status: 404, code: "ResourceGroupNotFound" })],
])("there is no relay where %s, so the checks are made", async (_, refusal) => {
  expect(await hasRelay(() => Promise.reject(refusal), fine as never)).toBe(false);
  const denied = new VendorError("denied", { status: 403, code: "AuthorizationFailed" });
  await expect(hasRelay(() => Promise.reject(denied), fine as never)).rejects.toBe(denied);
});

test("it asks about the resource provider of events if a stack uses it", async () => {
  cloud.azure.change({ unregisteredProviders: ["Microsoft.EventGrid"] });
  expect((await ask()).problems).toEqual([]);
  const actions = [...(fine.actions ?? []), "Microsoft.EventGrid/eventSubscriptions/write"];
  expect((await ask({ actions })).problems).toEqual([
    expect.stringContaining("az provider register --namespace Microsoft.EventGrid --wait"),
  ]);
});

test("it reports a quota that has no room for one storage account, or for two", async () => {
  cloud.azure.change({ storageAccountLimit: 0 });
  expect((await ask()).problems).toEqual([
    expect.stringContaining(
      "already has 0 of the 0 storage accounts that Azure allows in West Europe, and the relay needs 1",
    ),
  ]);
  cloud.azure.change({ storageAccountLimit: 1 });
  expect((await ask()).problems).toEqual([]);
  expect((await ask({ storageAccounts: 2 })).problems).toEqual([expect.stringContaining("the relay needs 2")]);
});

test("it reports names that are taken by others or by a deleted vault", async () => {
  cloud.azure.change({ namesTaken: ["events", "theirs"] });
  const { provider } = cloud.azure;
  const group = await make(provider, "resources:ResourceGroup", "group", { resourceGroupName: "group" });
  const vault = (vaultName: string, isProtected: boolean) =>
    make(provider, "keyvault:Vault", vaultName, {
      resourceGroupName: "group",
      vaultName,
      properties: { tenantId: "t", ...(isProtected && { enablePurgeProtection: true }) },
    });
  await remove(provider, await vault("gone", false));
  await remove(provider, await vault("kept", true));
  expect((await ask({ storageAccountName: "events", vaultName: "theirs" })).problems).toEqual([
    expect.stringMatching(/^The name "events" is taken by a storage account of another .*azureNames\.storageAccount/),
    expect.stringMatching(/^The name "theirs" is taken by a key vault of another subscription\. .*azureNames\.vault/),
  ]);
  expect((await ask({ hostStorageAccountName: "theirs" })).problems).toEqual([
    expect.stringContaining("npx pulumi config set --path azureNames.hostStorageAccount <name>"),
  ]);
  expect((await ask({ vaultName: "gone" })).problems).toEqual([
    expect.stringContaining("az keyvault purge --name gone --location westeurope"),
  ]);
  expect((await ask({ vaultName: "kept" })).problems).toEqual([expect.stringContaining("protected from being purged")]);
  // Names that the subscription itself uses may come from an interrupted `up`.
  await vault("own", false);
  expect((await ask({ vaultName: "own", storageAccountName: "free" })).problems).toEqual([]);
  await remove(provider, group);
});

test("it reports missing rights, with the roles to ask for", async () => {
  const other = await startTestAzure({ callerRole: "Contributor" });
  try {
    await other.azure.provider.configure({ location: "westeurope" });
    const { problems } = await ask(
      { actions: [...(fine.actions ?? []), "Microsoft.Authorization/locks/write"] },
      other,
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(
      "lacks the rights Microsoft.Authorization/roleAssignments/write, Microsoft.Authorization/locks/write on " +
        `/subscriptions/${subscriptionId}. `,
    );
    expect(problems[0]).toContain(
      'az role assignment create --assignee object --role "Role Based Access Control Administrator" --scope /subscriptions/',
    );
    expect(problems[0]).toContain('--role "Locks Contributor"');
    expect(problems[0]).toContain("npx pulumi config set --path azure.deleteLocks false");
    expect(problems[0]).not.toContain('--role "Contributor"');
  } finally {
    await other.stop();
  }
});

describe("what Azure Policy denies", () => {
  test.each([
    ["redundancy", "sku.name", "npx pulumi config set --path azure.storageRedundancy <redundancy>"],
    ["tags", "tags['costCenter']", "npx pulumi config set --path azureTags.costCenter <value>"],
    ["regions", "location", "npx pulumi config set azure-native:location <region>"],
    ["public-network", "properties.publicNetworkAccess", "npx pulumi config set --path privateNetwork.enabled true"],
  ] as const)("by the policy %s is reported with what to do", async (policy, path, remedy) => {
    cloud.azure.change({ policies: [policy] });
    const content = { sku: { name: "Standard_LRS" }, properties: {} };
    const [{ type, apiVersion } = { type: "", apiVersion: "" }] = fine.resources ?? [];
    const { problems } = await ask({ location: "East US", resources: [{ type, apiVersion, content }] });
    expect(problems).toEqual([expect.stringContaining(`denies Microsoft.Storage/storageAccounts, by ${path} (`)]);
    expect(problems[0]).toContain(remedy);
  });

  test("is one line per policy, even if it denies several resources", async () => {
    cloud.azure.change({ policies: ["tags"] });
    const of = (type: string) => ({ type, apiVersion: "2024-01-01", content: {} });
    const resources = [of("Microsoft.Web/sites"), of("Microsoft.KeyVault/vaults")];
    expect((await ask({ resources })).problems).toEqual([
      expect.stringContaining("denies Microsoft.Web/sites, Microsoft.KeyVault/vaults, by tags"),
    ]);
  });
});

test("nothing is checked for a relay that exists already", async () => {
  const { provider } = cloud.azure;
  const group = await make(provider, "resources:ResourceGroup", "group", { resourceGroupName: "group" });
  await make(provider, "monitor:ScheduledQueryRule", "late", {
    resourceGroupName: "group",
    windowSize: "PT15M",
    evaluationFrequency: "PT5M",
    autoMitigate: true,
    scopes: [group.id],
    criteria: { allOf: [{ query: "AppTraces", threshold: 0, operator: "GreaterThan", timeAggregation: "Count" }] },
    actions: { customProperties: { stack: "project/dev" } },
  });
  cloud.azure.change({ unregisteredProviders: ["Microsoft.Web"], policies: ["redundancy"] });
  expect(await ask()).toEqual({ problems: [], unchecked: [] });
  expect((await ask({ stack: "project/other" })).problems).not.toEqual([]);
  await remove(provider, group);
});

test("an existing group determines the region, and is the scope of rights and policies", async () => {
  const { provider } = cloud.azure;
  const group = await make(provider, "resources:ResourceGroup", "group", {
    resourceGroupName: "group",
    location: "westus",
  });
  cloud.azure.change({ policies: ["redundancy", "regions"], storageAccountLimit: 0 });
  const [{ type, apiVersion } = { type: "", apiVersion: "" }] = fine.resources ?? [];
  const resources = [{ type, apiVersion, content: { sku: { name: "Standard_LRS" } } }];
  const { problems } = await ask({ location: undefined, resourceGroupId: groupId, resources });
  expect(problems).toEqual([
    expect.stringContaining("The region westus has no availability zones"),
    expect.stringContaining("The region westus does not offer storage accounts"),
    expect.stringContaining("storage accounts that Azure allows in westus"),
    expect.stringContaining("Azure Policy denies"),
    expect.stringContaining("by location"),
  ]);
  // The group decides about the region, so a change of azure-native:location would not help.
  const choose = "npx pulumi config set --path azureExisting.resourceGroupId <id of a group in another region>";
  expect(problems.map((problem) => problem.includes(choose))).toEqual([true, true, true, false, true]);
  expect(problems.join()).not.toContain("azure-native:location");
  await remove(provider, group);
});

describe("an existing resource that the stack uses", () => {
  const use = (setting: string, id: string, actions: string[]) => ({
    setting: `azureExisting.${setting}`,
    id,
    actions,
    apiVersion: "2024-11-01",
  });
  const writeSecrets = "Microsoft.KeyVault/vaults/secrets/write";

  test("must exist, allow role assignments, and be open to the login; otherwise the setting and the remedy are named", async () => {
    const { provider } = cloud.azure;
    const group = await make(provider, "resources:ResourceGroup", "shared", { resourceGroupName: "shared" });
    const vault = (vaultName: string, enableRbacAuthorization: boolean) =>
      make(provider, "keyvault:Vault", vaultName, {
        resourceGroupName: "shared",
        vaultName,
        properties: { tenantId: "t", enableRbacAuthorization },
      });
    const [good, old] = [await vault("good", true), await vault("old", false)];
    expect((await ask({ existing: [use("vaultId", good.id, [writeSecrets])] })).problems).toEqual([]);
    const { problems } = await ask({
      existing: [use("vaultId", old.id, []), use("identityId", `${good.id}x`, [])],
    });
    expect(problems).toEqual([
      expect.stringMatching(
        /^azureExisting\.vaultId: the vault old uses access policies.*az keyvault update --name old --enable-rbac-authorization true/,
      ),
      expect.stringMatching(
        /^azureExisting\.identityId: Azure has no .*\. Choose one that exists: npx pulumi config set --path azureExisting\.identityId <id>/,
      ),
    ]);
    await remove(provider, group);
  });

  test("must be delegated if it is the app's subnet, and must not if it is that of the endpoints", async () => {
    const { provider } = cloud.azure;
    const group = await make(provider, "resources:ResourceGroup", "shared", { resourceGroupName: "shared" });
    const delegations = [{ name: "flex", properties: { serviceName: "Microsoft.App/environments" } }];
    const network = await make(provider, "network:VirtualNetwork", "net", {
      resourceGroupName: "shared",
      virtualNetworkName: "net",
      subnets: [
        { name: "flex", properties: { delegations } },
        { name: "plain", properties: {} },
      ],
    });
    const [flex, plain] = [`${network.id}/subnets/flex`, `${network.id}/subnets/plain`];
    const resourcesOf = (app: string, endpoints: string) => [
      { setting: "privateNetwork.appSubnetId", id: app, apiVersion: "2024-05-01", actions: [] },
      { setting: "privateNetwork.endpointSubnetId", id: endpoints, apiVersion: "2024-05-01", actions: [] },
    ];
    expect((await ask({ existing: resourcesOf(flex, plain) })).problems).toEqual([]);
    expect((await ask({ existing: resourcesOf(plain, flex) })).problems).toEqual([
      expect.stringContaining(`az network vnet subnet update --ids ${plain} --delegations Microsoft.App/environments`),
      expect.stringMatching(/^privateNetwork\.endpointSubnetId: the subnet is delegated to Microsoft\.App/),
    ]);
    await remove(provider, group);
  });

  test("needs additional rights, each from the narrowest role", async () => {
    const other = await startTestAzure({ callerRole: "Reader", callerRoles: ["Contributor"] });
    try {
      const { provider } = other.azure;
      await provider.configure({ location: "westeurope" });
      await make(provider, "resources:ResourceGroup", "shared", { resourceGroupName: "shared" });
      const vault = await make(provider, "keyvault:Vault", "vault", {
        resourceGroupName: "shared",
        vaultName: "vault",
        properties: { tenantId: "t", enableRbacAuthorization: true },
      });
      const actions = [writeSecrets, "Microsoft.Authorization/roleAssignments/write"];
      const { problems } = await ask({ actions: [], existing: [use("vaultId", vault.id, actions)] }, other);
      expect(problems).toEqual([
        `azureExisting.vaultId: the Azure login lacks the rights ${actions[1]} on it. Have an owner give them: az role assignment create ` +
          `--assignee object --role "Role Based Access Control Administrator" --scope ${vault.id}`,
      ]);
    } finally {
      await other.stop();
    }
  });
});

test("a check that the login may not make is reported, and blocks nothing", async () => {
  const other = await startTestAzure({ callerRole: "Website Contributor" });
  try {
    await other.azure.provider.configure({ location: "westeurope" });
    expect(await ask({}, other)).toEqual({
      problems: [],
      unchecked: [expect.stringMatching(/^Could not check whether the stack has a relay already: .*403/)],
    });
  } finally {
    await other.stop();
  }
});

/** Azure behind a proxy that puts an empty page before each list. The link to the next page has Azure's own address. */
async function startPaging(armUrl: string): Promise<{ url: string; close(): Promise<unknown> }> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? "", armUrl);
    const token = searchParams.get("$skiptoken");
    if (token === "a+b") searchParams.delete("$skiptoken");
    const { status, data } = await axios.request({
      method: request.method ?? "GET",
      url: `${armUrl}${pathname}?${searchParams}`,
      validateStatus: () => true,
      headers: { authorization: request.headers.authorization, "content-type": "application/json" },
      ...(chunks.length > 0 && { data: Buffer.concat(chunks) }),
    });
    const nextLink = `https://management.azure.com${pathname}?${searchParams}&%24skiptoken=a%2Bb`;
    const isList = Array.isArray(data?.value) && token === null;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(isList ? { value: [], nextLink } : data));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
