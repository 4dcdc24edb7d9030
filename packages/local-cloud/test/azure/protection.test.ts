import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import { typeOfId } from "../../src/azure/arm/resource-id.ts";
import { type Resource, Subscription } from "../../src/azure/arm/subscription.ts";
import { refuseLocked } from "../../src/azure/refusals/lock-refusals.ts";
import { refuseResource } from "../../src/azure/refusals/refusals.ts";
import { defaultAzureSwitches } from "../../src/azure/switches.ts";

const group = "/subscriptions/sub/resourceGroups/group";
const account = `${group}/providers/Microsoft.Storage/storageAccounts/account`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/vault`;
const workspace = `${group}/providers/Microsoft.OperationalInsights/workspaces/logs`;
const plan = `${group}/providers/Microsoft.Web/serverfarms/plan`;
const lockOf = (scope: string) => `${scope}/providers/Microsoft.Authorization/locks/lock`;
const roleOn = (scope: string) => `${scope}/providers/Microsoft.Authorization/roleAssignments/role`;
const diagnosticOf = (scope: string) => `${scope}/providers/Microsoft.Insights/diagnosticSettings/setting`;

let subscription: Subscription;

beforeEach(() => {
  subscription = new Subscription({ subscriptionId: "sub", tenantId: "tenant" });
  for (const id of [group, account, vault, workspace]) put(id);
});

function put(id: string, inputs: PropertyMap = {}): Resource {
  const found = typeOfId(id);
  if (!found) throw new Error(`No type of ${id}`);
  const resource = {
    id,
    type: found.type,
    name: id.split("/").at(-1) ?? "",
    inputs: { ...inputs, ...found.path },
    outputs: {},
  };
  subscription.put(resource);
  return resource;
}

function refusal(id: string, inputs: PropertyMap, existing?: Resource): string {
  const found = typeOfId(id);
  if (!found) throw new Error(`No type of ${id}`);
  const request = {
    id,
    type: found.type,
    name: id.split("/").at(-1) ?? "",
    inputs: { ...inputs, ...found.path },
    existing,
  };
  return messageOf(() => refuseResource(request, subscription, defaultAzureSwitches));
}

function messageOf(act: () => void): string {
  try {
    act();
    return "accepted";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("a lock", () => {
  const deletion = (id: string) => messageOf(() => refuseLocked(id, subscription));

  test.each([
    account,
    `${account}/blobServices/default/containers/claims`,
    roleOn(account),
    diagnosticOf(account),
    group,
  ])("protects its scope, resources below it and above it: %s", (id) => {
    put(lockOf(account), { level: "CanNotDelete" });
    expect(deletion(id)).toContain(
      `The scope '${id}' cannot perform delete operation because following scope(s) are locked: '${account}'.`,
    );
  });

  test("protects nothing else, and can be deleted itself", () => {
    put(lockOf(account), { level: "CanNotDelete" });
    expect([vault, plan, lockOf(account)].map(deletion)).toEqual(["accepted", "accepted", "accepted"]);
  });

  test("has one of two levels, on something that exists", () => {
    expect(refusal(lockOf(account), { level: "CanNotDelete" })).toBe("accepted");
    expect(refusal(lockOf(account), { level: "Never" })).toContain("InvalidLockLevel");
    expect(refusal(lockOf(plan), { level: "CanNotDelete" })).toContain("ParentResourceNotFound");
  });
});

describe("zones", () => {
  const sku = (name: string, location = "westeurope") => ({ location, sku: { name } });

  test("an account and a plan have zones if the region has", () => {
    const another = `${account}2`;
    expect(refusal(another, sku("Standard_ZRS"))).toBe("accepted");
    expect(refusal(another, sku("Standard_GZRS", "West US"))).toContain("is not available in the location 'West US'");
    expect(refusal(another, sku("Standard_LRS", "West US"))).toBe("accepted");
    expect(refusal(plan, { ...sku("FC1"), zoneRedundant: true })).toBe("accepted");
    expect(refusal(plan, { ...sku("FC1", "westus"), zoneRedundant: true })).toContain(
      "Zone redundancy is not supported",
    );
  });

  test("an account gets or loses them by a conversion only, and geo-redundancy by a write", () => {
    const existing = put(account, sku("Standard_LRS"));
    expect(refusal(account, sku("Standard_GRS"), existing)).toBe("accepted");
    expect(refusal(account, sku("Standard_ZRS"), existing)).toContain("PropertyCannotBeUpdated");
  });
});

describe("a vault", () => {
  test("keeps purge protection and retention", () => {
    const existing = put(vault, { properties: {} });
    const change = (properties: PropertyMap) => refusal(vault, { properties }, existing);
    expect(change({ enablePurgeProtection: true })).toBe("accepted");
    expect(change({ enablePurgeProtection: false })).toContain("irreversible");
    expect(change({ softDeleteRetentionInDays: 90 })).toBe("accepted");
    expect(change({ softDeleteRetentionInDays: 7 })).toContain("has been set already");
    expect(refusal(`${vault}2`, { properties: { softDeleteRetentionInDays: 6 } })).toContain("between 7 and 90");
  });
});

describe("an account", () => {
  const sku = { name: "Standard_LRS" };

  test("is encrypted twice from its creation, or never", () => {
    const existing = put(account, { sku });
    const encryption = { requireInfrastructureEncryption: true };
    expect(refusal(account, { sku, encryption }, existing)).toContain("encryption.requireInfrastructureEncryption");
  });

  test("has a blob service that keeps deleted blobs for 1 to 365 days", () => {
    const service = (policy: PropertyMap) =>
      refusal(`${account}/blobServices/default`, { deleteRetentionPolicy: policy });
    expect(service({ enabled: false })).toBe("accepted");
    expect(service({ enabled: true, days: 14 })).toBe("accepted");
    expect(service({ enabled: true })).toContain("deleteRetentionPolicy.days");
    expect(service({ enabled: true, days: 366 })).toContain("deleteRetentionPolicy.days");
  });
});

test("a diagnostic setting has a workspace and categories of its resource", () => {
  const logs = (category: string) => ({ workspaceId: workspace, logs: [{ category, enabled: true }] });
  expect(refusal(diagnosticOf(vault), logs("AuditEvent"))).toBe("accepted");
  expect(refusal(diagnosticOf(`${account}/blobServices/default`), logs("StorageRead"))).toBe("accepted");
  expect(refusal(diagnosticOf(vault), logs("StorageRead"))).toContain("not supported");
  expect(refusal(diagnosticOf(account), logs("StorageRead"))).toContain("does not support diagnostic settings");
  expect(refusal(diagnosticOf(vault), { workspaceId: `${workspace}2` })).toContain("was not found");
});
