import type { Provider } from "../../../pulumi-provider-kit/src/engine/provider.ts";
import { type PropertyMap, Secret, Unknown } from "../../../pulumi-provider-kit/src/engine/values.ts";
import {
  assign,
  callOf,
  groupId,
  inGroup,
  make,
  remove,
  roles,
  startTestAzure,
  subscriptionId,
  type TestAzure,
} from "./support.ts";

jest.setTimeout(120_000);

let cloud: TestAzure;
let provider: Provider;

beforeAll(async () => {
  cloud = await startTestAzure();
  provider = cloud.azure.provider;
  await provider.configure({});
  await make(provider, "resources:ResourceGroup", "group", { ...inGroup, location: "westeurope" });
});
afterAll(() => cloud.stop());
// Each test uses its own names, so leftovers do no harm.

const identity = "managedidentity:UserAssignedIdentity";
const check = (token: string, name: string, news: PropertyMap, olds: PropertyMap = {}) =>
  provider.check(callOf(token, name), { olds, news });
const diff = (token: string, olds: PropertyMap, news: PropertyMap) =>
  provider.diff(callOf(token, "x"), { id: "id", olds, state: {}, news });

test("it returns its name and version", () => {
  expect([provider.name, provider.version]).toEqual(["azure-native", "3.28.0"]);
});

describe("names", () => {
  test("of resources in a region are the logical name and 8 hex digits, which never change", async () => {
    const { inputs } = await check(identity, "relay", inGroup);
    expect(inputs.resourceName).toMatch(/^relay[0-9a-f]{8}$/);
    expect((await check(identity, "relay", inGroup, inputs)).inputs).toEqual(inputs);
  });

  test("of child resources are the logical name, and of a role assignment a GUID", async () => {
    const queue = await check("storage:Queue", "events", { ...inGroup, accountName: "a" });
    expect(queue.inputs.queueName).toBe("events");
    const role = await check("authorization:RoleAssignment", "role", { scope: groupId, principalId: "p" });
    // Digits of azure-native's own, which has no version in them.
    expect(role.inputs.roleAssignmentName).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test.each([
    [identity, "resourceName", inGroup],
    ["authorization:RoleAssignment", "roleAssignmentName", { scope: groupId, principalId: "p" }],
  ] as const)("of %s follow from the engine's seed, as an up with a plan needs it", async (token, property, news) => {
    const named = async (...randomSeed: number[]) => {
      const request = { olds: {}, news, randomSeed: Uint8Array.from(randomSeed) };
      return (await provider.check(callOf(token, "relay"), request)).inputs[property];
    };
    expect(await named(1, 2)).toBe(await named(1, 2));
    expect(await named(1, 2)).not.toBe(await named(2, 1));
    expect(await named()).not.toBe(await named());
  });

  test.each([
    ["propose", identity, "resourceName", inGroup, "proposed"],
    ["enforce", identity, "resourceName", inGroup, "proposed"],
    ["disable", identity, "resourceName", inGroup, undefined],
    ["enforce", "authorization:RoleAssignment", "roleAssignmentName", { scope: groupId, principalId: "p" }, "proposed"],
  ] as const)("follow pulumi:autonaming (%s, %s)", async (mode, token, property, news, expected) => {
    const request = { olds: {}, news, autonaming: { mode, proposedName: "proposed" } };
    expect((await provider.check(callOf(token, "relay"), request)).inputs[property]).toBe(expected);
    const olds = { [property]: "former" };
    expect((await provider.check(callOf(token, "relay"), { ...request, olds })).inputs[property]).toBe("former");
  });

  test("that are GUIDs stay so if pulumi:autonaming only proposes another", async () => {
    const autonaming = { mode: "propose", proposedName: "proposed" } as const;
    const request = { olds: {}, news: { scope: groupId, principalId: "p" }, autonaming };
    const { inputs } = await provider.check(callOf("authorization:RoleAssignment", "role"), request);
    expect(inputs.roleAssignmentName).toMatch(/^[0-9a-f]{8}-/);
  });

  test("do not exist for an app's settings", async () => {
    const { failures } = await check("web:WebAppApplicationSettings", "settings", inGroup);
    expect(failures).toEqual([{ property: "name", reason: "missing required property 'name'" }]);
  });

  test.each([
    ["storage:StorageAccount", "accountName", "ab", "'accountName' is too short (2): at least 3 characters required"],
    ["storage:StorageAccount", "accountName", "With-Dash", "'accountName' does not match expression '^[a-z0-9]+$'"],
    ["storage:Queue", "queueName", "q".repeat(64), "'queueName' is too long (64): at most 63 characters allowed"],
    ["keyvault:Vault", "vaultName", "under_score", "'vaultName' does not match expression '^[a-zA-Z0-9-]{3,24}$'"],
    [
      "monitor:ActionGroup",
      "groupShortName",
      "thirteen-long",
      "'groupShortName' is too long (13): at most 12 characters allowed",
    ],
  ])("%s.%s = %s", async (token, property, value, reason) => {
    const { failures } = await check(token, "x", {
      ...inGroup,
      accountName: "account",
      location: "global",
      [property]: value,
    });
    expect(failures).toEqual([{ property, reason }]);
  });
});

describe("location", () => {
  const location = async (news: PropertyMap) => (await check(identity, "x", news)).inputs.location;

  test("it defaults to the group's, once the group is known", async () => {
    expect(await location(inGroup)).toBe("westeurope");
    expect(await location({ resourceGroupName: Unknown.instance })).toBe(Unknown.instance);
    expect(await location({ ...inGroup, location: "northeurope" })).toBe("northeurope");
  });

  test("without a group or a setting it is required", async () => {
    const { failures } = await check("resources:ResourceGroup", "group", {});
    expect(failures).toEqual([
      {
        property: "location",
        reason:
          "missing required property 'location'. Either set it explicitly or configure it with 'pulumi config set azure-native:location <value>'.",
      },
    ]);
  });

  test("the setting has precedence over the group's", async () => {
    await provider.configure({ location: "uksouth" });
    expect(await location(inGroup)).toBe("uksouth");
    await provider.configure({});
  });
});

describe("differences", () => {
  test("a part of the id, the region or the principal replaces; the rest is an update", async () => {
    const olds = { ...inGroup, accountName: "a", location: "westeurope", sku: { name: "Standard_LRS" } };
    expect((await diff("storage:StorageAccount", olds, { ...olds, accountName: "b" })).detailed).toEqual({
      accountName: "update-replace",
    });
    expect((await diff("storage:StorageAccount", olds, { ...olds, location: "uksouth" })).detailed).toEqual({
      location: "update-replace",
    });
    expect((await diff("storage:StorageAccount", olds, { ...olds, sku: { name: "Standard_ZRS" } })).detailed).toEqual({
      "sku.name": "update",
    });
    expect((await diff("storage:StorageAccount", olds, { ...olds, location: "West Europe" })).detailed).toEqual({});
    const role = { scope: groupId, principalId: "p", roleAssignmentName: "n" };
    expect(
      (await diff("authorization:RoleAssignment", role, { ...role, principalId: Unknown.instance })).detailed,
    ).toEqual({
      principalId: "update-replace",
    });
    const rule = { ...inGroup, ruleName: "r", scopes: ["a"] };
    expect((await diff("monitor:ScheduledQueryRule", rule, { ...rule, scopes: ["b"] })).detailed).toEqual({
      "scopes[0]": "update-replace",
    });
  });

  test("with a random name the new one is created first, with a fixed one the old one is deleted first", async () => {
    const { inputs } = await check(identity, "x", inGroup);
    const moved = { ...inputs, location: "uksouth" };
    expect((await diff(identity, inputs, moved)).deleteBeforeReplace).toBe(false);
    const fixed = { ...inGroup, resourceName: "fixed", location: "westeurope" };
    expect((await diff(identity, fixed, { ...fixed, location: "uksouth" })).deleteBeforeReplace).toBe(true);
  });
});

describe("preview", () => {
  test("on create knows no id, no name, and nothing that Azure determines", async () => {
    const call = callOf("keyvault:Vault", "vault");
    const inputs = { ...inGroup, vaultName: "vault", location: "westeurope", properties: { tenantId: "t" } };
    const { id, properties } = await provider.create(call, { inputs, preview: true });
    expect(id).toBe("");
    expect(properties).toEqual({
      name: Unknown.instance,
      location: "westeurope",
      type: "Microsoft.KeyVault/vaults",
      azureApiVersion: "2024-11-01",
      properties: { tenantId: "t", vaultUri: Unknown.instance, provisioningState: Unknown.instance },
    });
    expect(cloud.azure.census().resources["azure-native:keyvault:Vault"]).toBeUndefined();
  });

  test("on update knows name and location", async () => {
    const made = await make(provider, identity, "previewed", inGroup);
    const state = made.properties;
    const request = {
      id: made.id,
      olds: made.inputs,
      state,
      news: { ...made.inputs, tags: { a: "b" } },
      preview: true,
    };
    expect(await provider.update(made.call, request)).toMatchObject({
      name: made.inputs.resourceName,
      location: "westeurope",
      tags: { a: "b" },
      principalId: Unknown.instance,
    });
  });
});

describe("create, read, update, delete", () => {
  test("a refresh returns the stored properties", async () => {
    const made = await make(provider, identity, "refreshed", { ...inGroup, resourceName: "refreshed" });
    expect(made.id).toBe(`${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/refreshed`);
    expect(made.properties).toMatchObject({
      name: "refreshed",
      type: "Microsoft.ManagedIdentity/userAssignedIdentities",
    });
    const { id, inputs, properties } = made;
    expect(await provider.read(made.call, { id, inputs, state: properties })).toEqual({ id, inputs, properties });
    const other = id.replace("resourceGroups", "RESOURCEGROUPS");
    expect(await provider.read(made.call, { id: other, inputs: {}, state: {} })).toEqual({ id, inputs, properties });
    await remove(provider, made);
    expect(await provider.read(made.call, { id, inputs, state: properties })).toBeUndefined();
    await remove(provider, made);
  });

  test("an update keeps properties that Azure has set", async () => {
    const made = await make(provider, identity, "updated", { ...inGroup, resourceName: "updated" });
    const news = { ...made.inputs, tags: { team: "data" } };
    const request = { id: made.id, olds: made.inputs, state: made.properties, news, preview: false };
    expect(await provider.update(made.call, request)).toEqual({ ...made.properties, tags: { team: "data" } });
  });

  test("an existing resource is not created again", async () => {
    const args = { ...inGroup, resourceName: "twice" };
    const { id } = await make(provider, identity, "twice", args);
    await expect(make(provider, identity, "twice", args)).rejects.toThrow(
      `cannot create already existing resource '${id}'`,
    );
  });

  test("deleting a group deletes everything in it", async () => {
    const other = await make(provider, "resources:ResourceGroup", "other", {
      resourceGroupName: "other",
      location: "uksouth",
    });
    const inside = await make(provider, identity, "inside", { resourceGroupName: "other" });
    await remove(provider, other);
    expect(await provider.read(inside.call, { id: inside.id, inputs: {}, state: {} })).toBeUndefined();
  });

  test("a list of identities comes back as a map", async () => {
    const one = await make(provider, identity, "one", { ...inGroup, resourceName: "one" });
    const plan = await make(provider, "web:AppServicePlan", "classic", { ...inGroup, sku: { name: "B1" } });
    const app = await make(provider, "web:WebApp", "classic", {
      ...inGroup,
      serverFarmId: plan.id,
      identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: [one.id] },
    });
    expect(app.properties.identity).toEqual({
      type: "SystemAssigned, UserAssigned",
      principalId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      tenantId: one.properties.tenantId,
      userAssignedIdentities: {
        [one.id]: { principalId: one.properties.principalId, clientId: one.properties.clientId },
      },
    });
    const news = { ...app.inputs, identity: { type: "UserAssigned", userAssignedIdentities: [] } };
    const request = { id: app.id, olds: app.inputs, state: app.properties, news, preview: false };
    expect((await provider.update(app.call, request)).identity).toEqual({ type: "UserAssigned" });
    await expect(remove(provider, plan)).rejects.toThrow(
      `Status=409 Code="Conflict" Message="Server farm '${plan.inputs.name}' cannot be deleted because it has web app(s) ${app.inputs.name} assigned to it."`,
    );
    await remove(provider, app);
    await remove(provider, plan);
  });
});

describe("Key Vault", () => {
  const vaultArgs = {
    ...inGroup,
    vaultName: "softvault",
    properties: { tenantId: "t", enableRbacAuthorization: true },
  };
  const secret = (value: string) => ({
    ...inGroup,
    vaultName: "softvault",
    secretName: "password",
    properties: { value: new Secret(value) },
  });

  test("a secret's value is never read back; each write is a new version", async () => {
    await make(provider, "keyvault:Vault", "softvault", vaultArgs);
    const made = await make(provider, "keyvault:Secret", "password", secret("hunter2"));
    expect(JSON.stringify(made.properties)).not.toContain("hunter2");
    const first = made.properties.properties as { secretUri: string; secretUriWithVersion: string };
    expect(first.secretUri).toBe("https://softvault.vault.azure.net/secrets/password");
    expect(first.secretUriWithVersion).toMatch(/\/secrets\/password\/[0-9a-f]{32}$/);
    const read = await provider.read(made.call, { id: made.id, inputs: {}, state: {} });
    expect(read?.inputs.properties).toEqual({ value: new Secret("hunter2") });
    expect(JSON.stringify(read?.properties)).not.toContain("hunter2");

    const update = async (value: string) => {
      const request = { id: made.id, olds: made.inputs, state: made.properties, news: secret(value), preview: false };
      return (await provider.update(made.call, request)).properties as { secretUriWithVersion: string };
    };
    const versions = [first, await update("hunter2"), await update("hunter3")];
    expect(new Set(versions.map(({ secretUriWithVersion }) => secretUriWithVersion)).size).toBe(3);
    await remove(provider, made);
    await expect(make(provider, "keyvault:Secret", "password", secret("again"))).rejects.toThrow(
      /Code="Conflict" Message="Secret password is currently in a deleted but recoverable state/,
    );
  });

  test("a secret has 15 tags at most", async () => {
    const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, "x"]));
    const tagged = (count: number) => ({ ...secret("x"), secretName: "tagged", tags: tags(count) });
    await expect(make(provider, "keyvault:Secret", "tagged", tagged(16))).rejects.toThrow("more than 15 tags");
    await expect(make(provider, "keyvault:Secret", "tagged", tagged(15))).resolves.toBeDefined();
  });

  test("a deleted vault keeps its name until it is recovered, with its secrets", async () => {
    const args = { ...vaultArgs, vaultName: "lostvault" };
    const vault = await make(provider, "keyvault:Vault", "lost", args);
    const kept = await make(provider, "keyvault:Secret", "kept", { ...secret("x"), vaultName: "lostvault" });
    await remove(provider, vault);
    await expect(make(provider, "keyvault:Vault", "lost", args)).rejects.toThrow(
      'Status=409 Code="ConflictError" Message="A vault with the same name already exists in deleted state.',
    );
    await make(provider, "keyvault:Vault", "lost", {
      ...args,
      properties: { ...args.properties, createMode: "recover" },
    });
    expect(await provider.read(kept.call, { id: kept.id, inputs: {}, state: {} })).toBeDefined();
  });
});

test("its functions return the caller and a secret token", async () => {
  const config = await provider.invoke("azure-native:authorization:getClientConfig", {});
  expect(config).toMatchObject({ subscriptionId, objectId: expect.any(String), tenantId: expect.any(String) });
  const { token } = await provider.invoke("azure-native:authorization:getClientToken", {});
  expect(token).toBeInstanceOf(Secret);
  await expect(provider.invoke("azure-native:web:getWebApp", {})).rejects.toThrow("azure-native:web:getWebApp");
});

test("another subscription does not exist", async () => {
  await provider.configure({ subscriptionId: "99999999-0000-4000-8000-000000000000", location: "uksouth" });
  await expect(make(provider, "resources:ResourceGroup", "elsewhere", {})).rejects.toThrow(
    'Code="SubscriptionNotFound"',
  );
  await provider.configure({});
});

test("queues and containers of an account are real, and are deleted with it", async () => {
  const account = await make(provider, "storage:StorageAccount", "account", {
    ...inGroup,
    accountName: "storetest",
    kind: "StorageV2",
    sku: { name: "Standard_LRS" },
  });
  const inAccount = { ...inGroup, accountName: "storetest" };
  const endpoints = account.properties.primaryEndpoints as { blob: string; queue: string; file: string };
  expect(endpoints.blob).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/storetest\/$/);
  expect(endpoints.file).toBe("https://storetest.file.core.windows.net/");

  const queue = await make(provider, "storage:Queue", "events", inAccount);
  expect(queue.id).toBe(`${account.id}/queueServices/default/queues/events`);
  expect(queue.properties).toMatchObject({ name: "events", approximateMessageCount: 0 });
  const args = { ...inGroup, accountName: "storetest" };
  const { keys } = (await provider.invoke("azure-native:storage:listStorageAccountKeys", args)) as unknown as {
    keys: { keyName: string; value: Secret }[];
  };
  expect(keys.map(({ keyName, value }) => [keyName, value instanceof Secret])).toEqual([
    ["key1", true],
    ["key2", true],
  ]);
  expect(await cloud.azure.queues()).toEqual([{ account: "storetest", queue: "events", messages: 0, visible: [] }]);
  await remove(provider, queue);
  expect(await cloud.azure.queues()).toEqual([]);

  const [one, two] = await Promise.allSettled(
    ["one", "two"].map((name) => make(provider, "storage:BlobContainer", name, inAccount)),
  );
  expect(one?.status).toBe("fulfilled");
  expect(two).toMatchObject({ reason: { code: "StorageAccountOperationInProgress", status: 409 } });

  await assign(provider, "44444444-5555-4666-8777-888888888888", roles.blobOwner, account.id);
  expect(cloud.azure.census().processes.map(({ kind }) => kind)).toEqual(["azurite"]);
  await remove(provider, account);
  expect(cloud.azure.census().processes).toEqual([]);
  expect(cloud.azure.census().resources["azure-native:authorization:RoleAssignment"]).toBeUndefined();
});
