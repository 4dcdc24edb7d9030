import type { Provider } from "../../../pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import {
  assign,
  callerToken,
  groupId,
  inGroup,
  make,
  roleId,
  roles,
  startAzureWithGroup,
  subscriptionId,
  type TestAzure,
} from "./support.ts";

jest.setTimeout(120_000);

let cloud: TestAzure;
let provider: Provider;
let identityId: string;
let principalId: string;
let planId: string;
let blobEndpoint: string;

beforeAll(async () => {
  cloud = await startAzureWithGroup();
  provider = cloud.azure.provider;
  await make(provider, "resources:ResourceGroup", "group2", { resourceGroupName: "group2" });
  const account = await make(provider, "storage:StorageAccount", "account", {
    ...inGroup,
    accountName: "refusals",
    kind: "StorageV2",
    sku: { name: "Standard_LRS" },
    allowSharedKeyAccess: false,
  });
  blobEndpoint = (account.properties.primaryEndpoints as { blob: string }).blob;
  await make(provider, "storage:BlobContainer", "code", { ...inGroup, accountName: "refusals" });
  const identity = await make(provider, "managedidentity:UserAssignedIdentity", "identity", inGroup);
  identityId = identity.id;
  principalId = String(identity.properties.principalId);
  planId = (await flexPlan("plan")).id;
});
afterAll(() => cloud.stop());

function flexPlan(name: string) {
  return make(provider, "web:AppServicePlan", name, {
    ...inGroup,
    reserved: true,
    sku: { name: "FC1", tier: "FlexConsumption" },
  });
}

function flexApp(over: PropertyMap = {}, configuration: PropertyMap = {}): PropertyMap {
  return {
    ...inGroup,
    serverFarmId: planId,
    kind: "functionapp,linux",
    identity: { type: "UserAssigned", userAssignedIdentities: [identityId] },
    functionAppConfig: {
      deployment: {
        storage: {
          type: "blobContainer",
          value: `${blobEndpoint}code`,
          authentication: { type: "UserAssignedIdentity", userAssignedIdentityResourceId: identityId },
        },
      },
      runtime: { name: "node", version: "22" },
      scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 40 },
      ...configuration,
    },
    ...over,
  };
}

const refusal = (token: string, news: PropertyMap, name = "any") =>
  make(provider, token, name, news).then(
    () => "accepted",
    (error: Error) => error.message,
  );
const azure = (status: number, code: string, message: string) => `Status=${status} Code="${code}" Message="${message}"`;

describe("the parent of a resource must exist", () => {
  test("group", async () => {
    expect(await refusal("managedidentity:UserAssignedIdentity", { resourceGroupName: "nowhere" })).toBe(
      azure(404, "ResourceGroupNotFound", "Resource group 'nowhere' could not be found."),
    );
  });

  test.each([
    ["storage:Queue", { accountName: "nowhere" }],
    ["storage:BlobContainer", { accountName: "nowhere" }],
    ["storage:ManagementPolicy", { accountName: "nowhere", managementPolicyName: "default" }],
    ["web:WebAppApplicationSettings", { name: "nowhere" }],
    ["keyvault:Secret", { vaultName: "nowhere", properties: {} }],
    ["monitor:DiagnosticSetting", { resourceUri: `${groupId}/providers/Microsoft.Storage/storageAccounts/nowhere` }],
  ])("%s", async (token, news) => {
    expect(await refusal(token, { ...inGroup, ...news })).toBe(
      azure(
        404,
        "ParentResourceNotFound",
        "Can not perform requested operation on nested resource. Parent resource 'nowhere' not found.",
      ),
    );
  });

  test("the services of an account exist with it", async () => {
    const resourceUri = `${groupId}/providers/Microsoft.Storage/storageAccounts/refusals/queueServices/default`;
    expect(await refusal("monitor:DiagnosticSetting", { resourceUri, name: "logs" })).toBe("accepted");
  });
});

describe("names", () => {
  test.each(["Upper", "double--hyphen", "-start", "end-", "under_score"])("queue and container %s", async (name) => {
    const inAccount = { ...inGroup, accountName: "refusals" };
    const invalid = azure(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
    expect(await refusal("storage:Queue", { ...inAccount, queueName: name })).toBe(invalid);
    expect(await refusal("storage:BlobContainer", { ...inAccount, containerName: name })).toBe(invalid);
  });

  test.each(["1digit", "double--hyphen", "end-"])("vault %s", async (vaultName) => {
    expect(await refusal("keyvault:Vault", { ...inGroup, vaultName, properties: {} })).toContain(
      'Code="VaultNameNotValid"',
    );
  });

  test.each([
    ["web:WebApp", "name", ["my_env", "prod.eu", "-edge", "edge-", "x", "x".repeat(61)]],
    ["web:AppServicePlan", "name", ["my_plan", "x".repeat(61)]],
    ["resources:ResourceGroup", "resourceGroupName", ["ends.", "a b", "a/b"]],
    ["managedidentity:UserAssignedIdentity", "resourceName", ["_edge", "a.b", "ab", "x".repeat(129)]],
    ["applicationinsights:Component", "resourceName", ["a/b", "ends ", "ends.", "x".repeat(261)]],
    ["monitor:ActionGroup", "actionGroupName", ["a:b", "a|b", "ends."]],
    ["monitor:ScheduledQueryRule", "ruleName", ["a#b", "ends ", "x".repeat(261)]],
    ["monitor:MetricAlert", "ruleName", ["a@b", "ends."]],
  ])("%s", async (token, input, names) => {
    for (const name of names) {
      expect(await refusal(token, { ...inGroup, [input]: name })).toContain(`'${name}' of type`);
    }
  });

  test("account, vault and app names are unique everywhere, not just in one group", async () => {
    const elsewhere = { resourceGroupName: "group2" };
    const account = { ...elsewhere, accountName: "refusals", kind: "StorageV2", sku: { name: "Standard_LRS" } };
    expect(await refusal("storage:StorageAccount", account)).toBe(
      azure(
        409,
        "StorageAccountInAnotherResourceGroup",
        "The account refusals is already in another resource group in this subscription.",
      ),
    );
    await make(provider, "keyvault:Vault", "v", { ...inGroup, vaultName: "takenvault", properties: {} });
    expect(await refusal("keyvault:Vault", { ...elsewhere, vaultName: "takenvault", properties: {} })).toContain(
      'Code="VaultAlreadyExists"',
    );
  });

  test("a workbook is named by a GUID, a policy `default`", async () => {
    const workbook = { ...inGroup, displayName: "w", category: "workbook", serializedData: "{}" };
    expect(await refusal("applicationinsights:Workbook", { ...workbook, resourceName: "overview" })).toContain(
      'Code="BadRequest"',
    );
    expect(await refusal("applicationinsights:Workbook", workbook)).toBe("accepted");
    const policy = { ...inGroup, accountName: "refusals", policy: {} };
    expect(await refusal("storage:ManagementPolicy", { ...policy, managementPolicyName: "sweep" })).toContain(
      'Code="InvalidValuesForRequestParameters"',
    );
  });
});

describe("role assignments", () => {
  const assignment = (over: PropertyMap) => ({
    scope: groupId,
    principalId,
    principalType: "ServicePrincipal",
    roleDefinitionId: roleId(roles.queueReader),
    ...over,
  });

  test.each([undefined, "User"])("are refused for a fresh identity as principal type %s", async (principalType) => {
    const inputs = assignment({});
    const { principalType: _type, ...rest } = inputs;
    const given = principalType === undefined ? rest : { ...rest, principalType };
    expect(await refusal("authorization:RoleAssignment", given)).toContain(
      `Status=400 Code="PrincipalNotFound" Message="Principal ${principalId.replaceAll("-", "")} does not exist in the directory`,
    );
  });

  test("are refused with an unknown role, with a name that is not a GUID, and as duplicates", async () => {
    const unknown = "00000000-1111-4222-8333-444444444444";
    expect(await refusal("authorization:RoleAssignment", assignment({ roleDefinitionId: roleId(unknown) }))).toBe(
      azure(400, "RoleDefinitionDoesNotExist", `The specified role definition with ID '${unknown}' does not exist.`),
    );
    expect(await refusal("authorization:RoleAssignment", assignment({ roleAssignmentName: "mine" }))).toContain(
      'Code="InvalidRoleAssignmentId"',
    );
    expect(await refusal("authorization:RoleAssignment", assignment({}))).toBe("accepted");
    expect(await refusal("authorization:RoleAssignment", assignment({}))).toBe(
      azure(409, "RoleAssignmentExists", "The role assignment already exists."),
    );
    const nowhere = assignment({ scope: `/subscriptions/${subscriptionId}/resourceGroups/nowhere` });
    expect(await refusal("authorization:RoleAssignment", nowhere)).toContain('Code="ResourceGroupNotFound"');
  });

  test("are refused with a condition that can't be read or lacks its version, and may change their condition alone", async () => {
    const condition = "!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete'})";
    expect(await refusal("authorization:RoleAssignment", assignment({ condition }))).toContain("conditionVersion");
    const broken = assignment({ condition: "!(", conditionVersion: "2.0" });
    expect(await refusal("authorization:RoleAssignment", broken)).toContain('Code="BadRequest"');
    const made = await assign(provider, principalId, roles.messageSender, groupId);
    const news = { ...made.inputs, condition, conditionVersion: "2.0" };
    const request = { id: made.id, olds: made.inputs, state: made.properties, news, preview: false };
    expect(await provider.update(made.call, request)).toMatchObject({ condition });
  });

  test("can't change their role", async () => {
    const made = await assign(provider, principalId, roles.secretsUser, groupId);
    const news = { ...made.inputs, roleDefinitionId: roleId(roles.blobOwner) };
    const request = { id: made.id, olds: made.inputs, state: made.properties, news, preview: false };
    await expect(provider.update(made.call, request)).rejects.toMatchObject({
      code: "RoleAssignmentUpdateNotPermitted",
    });
  });
});

describe("Flex Consumption", () => {
  const invalid = (text: string) => azure(400, "BadRequest", text);

  test("refuses the properties that the SDK adds to any siteConfig", async () => {
    const siteConfig = { http20Enabled: true, localMySqlEnabled: false, netFrameworkVersion: "v4.6" };
    expect(await refusal("web:WebApp", flexApp({ siteConfig }))).toBe(
      invalid(
        "The following site configuration property (Site.SiteConfig.NetFrameworkVersion) for Flex Consumption sites is invalid.  " +
          "Please remove or rename it before retrying.",
      ),
    );
    expect(await refusal("web:WebApp", flexApp({ siteConfig: { linuxFxVersion: "NODE|22", alwaysOn: true } }))).toBe(
      invalid(
        "The following list of 2 site configuration properties (Site.SiteConfig.LinuxFxVersion,Site.SiteConfig.AlwaysOn) " +
          "for Flex Consumption sites is invalid.  Please remove or rename them before retrying.",
      ),
    );
  });

  test("refuses an app without functionAppConfig", async () => {
    const { functionAppConfig: _none, ...app } = flexApp();
    expect(await refusal("web:WebApp", app)).toBe(
      invalid(
        "Site.FunctionAppConfig is invalid.  The FunctionAppConfig section was not specified in the request, which is required " +
          "for Flex Consumption sites. To proceed, please add the FunctionAppConfig section in your request.",
      ),
    );
  });

  test.each([
    [{ scaleAndConcurrency: { instanceMemoryMB: 1024 } }, "InstanceMemoryMB"],
    [{ scaleAndConcurrency: { maximumInstanceCount: 39 } }, "MaximumInstanceCount"],
    [{ scaleAndConcurrency: { maximumInstanceCount: 1001 } }, "MaximumInstanceCount"],
    [{ runtime: { name: "node" } }, "Site.FunctionAppConfig.Runtime"],
  ])("refuses %j", async (configuration, part) => {
    expect(await refusal("web:WebApp", flexApp({}, configuration))).toContain(`${part} is invalid.`);
  });

  test("refuses deployment storage whose container or identity does not exist", async () => {
    const storage = (value: string, identity: string) => ({
      deployment: {
        storage: {
          type: "blobContainer",
          value,
          authentication: { type: "UserAssignedIdentity", userAssignedIdentityResourceId: identity },
        },
      },
    });
    expect(await refusal("web:WebApp", flexApp({}, storage(`${blobEndpoint}nowhere`, identityId)))).toContain(
      `The storage container ${blobEndpoint}nowhere does not exist.`,
    );
    expect(await refusal("web:WebApp", flexApp({}, storage(`${blobEndpoint}code`, `${identityId}x`)))).toContain(
      "The identity is not among the identities of the app.",
    );
    const unknown = { type: "UserAssigned", userAssignedIdentities: [`${identityId}x`] };
    expect(await refusal("web:WebApp", flexApp({ identity: unknown }))).toContain('Code="FailedIdentityOperation"');
  });

  test("refuses a missing plan, and a second app on one plan", async () => {
    expect(await refusal("web:WebApp", flexApp({ serverFarmId: `${planId}x` }))).toContain(
      "Cannot find ServerFarm with name",
    );
    const first = await make(provider, "web:WebApp", "first", flexApp({ name: "first-app" }));
    expect(await refusal("web:WebApp", flexApp({ name: "second-app" }))).toBe(
      azure(
        409,
        "Conflict",
        `A Flex Consumption plan can host one app only, and '${planId.split("/").at(-1)}' hosts 'first-app' already.`,
      ),
    );
    const elsewhere = flexApp({ name: "first-app", resourceGroupName: "group2" });
    expect(await refusal("web:WebApp", elsewhere)).toBe(
      azure(409, "Conflict", "Website with given name first-app already exists."),
    );

    const settings = (properties: PropertyMap) =>
      refusal("web:WebAppApplicationSettings", { ...inGroup, name: "first-app", properties });
    expect(await settings({ FUNCTIONS_WORKER_RUNTIME: "node", A: "b" })).toBe(
      invalid(
        "The following app setting (Site.SiteConfig.AppSettings.FUNCTIONS_WORKER_RUNTIME) for Flex Consumption sites is invalid.  " +
          "Please remove or rename it before retrying.",
      ),
    );
    expect(await settings({ WEBSITE_RUN_FROM_PACKAGE: "1", "a:b": "c" })).toContain(
      "(Site.SiteConfig.AppSettings.WEBSITE_RUN_FROM_PACKAGE,Site.SiteConfig.AppSettings.a:b)",
    );
    expect(await settings({ ANYTHING: "else" })).toBe("accepted");
    const request = { id: first.id, olds: first.inputs, state: first.properties, news: first.inputs, preview: false };
    expect(await provider.update(first.call, request)).toMatchObject({ state: "Running" });
  });
});

test("blobs through account keys, public containers and templates are refused", async () => {
  const inAccount = { ...inGroup, accountName: "refusals" };
  expect(await refusal("storage:Blob", { ...inAccount, containerName: "code", blobName: "b" })).toBe(
    azure(
      403,
      "KeyBasedAuthenticationNotPermitted",
      "Key based authentication is not permitted on this storage account.",
    ),
  );
  expect(await refusal("storage:BlobContainer", { ...inAccount, containerName: "open", publicAccess: "Blob" })).toBe(
    azure(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account."),
  );
  expect(await refusal("resources:Deployment", { ...inGroup, properties: {} })).toContain(
    "does not evaluate ARM templates",
  );
});

test("access restrictions keep callers away from the app and its deployment site, and broken ones are refused", async () => {
  const restrictions = (ipAddress: string) => [{ priority: 100, action: "Allow", ipAddress, name: "rule" }];
  const siteConfig = {
    ipSecurityRestrictions: restrictions("203.0.113.0/24"),
    scmIpSecurityRestrictions: restrictions("198.51.100.1/32"),
  };
  const plan = await flexPlan("restricted-plan");
  const site = await make(provider, "web:WebApp", "restricted", flexApp({ serverFarmId: plan.id, siteConfig }));
  const states = site.properties.hostNameSslStates as { hostType: string; name: string }[];
  const call = async (hostType: string, origin: string) => {
    const name = states.find((state) => state.hostType === hostType)?.name;
    const { status, headers } = await fetch(`https://${name}/api/deployments`, {
      headers: { "x-local-origin": origin },
    });
    return [status, headers.get("x-ms-forbidden-ip")];
  };
  expect(await call("Standard", "203.0.113.9")).toEqual([404, null]);
  expect(await call("Standard", "198.51.100.1")).toEqual([403, "198.51.100.1"]);
  expect(await call("Repository", "198.51.100.1")).toEqual([401, null]);
  expect(await call("Repository", "203.0.113.9")).toEqual([403, "203.0.113.9"]);
  // Someone changes a rule in the portal; Azure shows the rules only there.
  const configuration = async (method: string, properties?: object) => {
    const answer = await fetch(`${cloud.azure.armUrl}${site.id}/config/web?api-version=2024-04-01`, {
      method,
      headers: { Authorization: `Bearer ${await callerToken(provider)}`, "Content-Type": "application/json" },
      ...(properties && { body: JSON.stringify({ properties }) }),
    });
    return ((await answer.json()) as { properties: { ipSecurityRestrictions: { ipAddress: string }[] } }).properties;
  };
  await configuration("PATCH", { ipSecurityRestrictions: restrictions("192.0.2.0/24") });
  expect((await configuration("GET")).ipSecurityRestrictions).toMatchObject([
    { ipAddress: "192.0.2.0/24", tag: "Default" },
    { ipAddress: "Any", action: "Deny", priority: 2_147_483_647 },
  ]);
  expect(await call("Standard", "203.0.113.9")).toEqual([403, "203.0.113.9"]);
  expect(await call("Repository", "198.51.100.1")).toEqual([401, null]);
  const broken = { ipSecurityRestrictions: restrictions("203.0.113.7") };
  const another = flexApp({ serverFarmId: (await flexPlan("unrestricted-plan")).id, siteConfig: broken });
  expect(await refusal("web:WebApp", another)).toMatch(/ipSecurityRestrictions/);
});

test("an app without always ready instances has null for their list", async () => {
  const plan = await flexPlan("cold-plan");
  const scaleAndConcurrency = { instanceMemoryMB: 2048, maximumInstanceCount: 40, alwaysReady: [] };
  const site = await make(provider, "web:WebApp", "cold", flexApp({ serverFarmId: plan.id }, { scaleAndConcurrency }));
  const answer = await fetch(`${cloud.azure.armUrl}${site.id}?api-version=2024-04-01`, {
    headers: { Authorization: `Bearer ${await callerToken(provider)}` },
  });
  expect(await answer.json()).toMatchObject({
    properties: { functionAppConfig: { scaleAndConcurrency: { ...scaleAndConcurrency, alwaysReady: null } } },
  });
});
