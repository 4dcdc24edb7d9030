import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import { ArmError } from "../../src/azure/arm/arm-error.ts";
import { typeOfId } from "../../src/azure/arm/resource-id.ts";
import { Subscription } from "../../src/azure/arm/subscription.ts";
import type { PolicyName } from "../../src/azure/refusals/policy-definitions.ts";
import { refuseResource } from "../../src/azure/refusals/refusals.ts";
import { type AzureSwitches, defaultAzureSwitches } from "../../src/azure/switches.ts";

const group = "/subscriptions/sub/resourceGroups/group";
const ids = {
  account: `${group}/providers/Microsoft.Storage/storageAccounts/account`,
  vault: `${group}/providers/Microsoft.KeyVault/vaults/vault`,
  plan: `${group}/providers/Microsoft.Web/serverfarms/plan`,
} as const;

let subscription: Subscription;

beforeEach(() => {
  subscription = new Subscription({ subscriptionId: "sub", tenantId: "tenant" });
  put(group, {});
});

function put(id: string, inputs: PropertyMap): void {
  const found = typeOfId(id);
  if (!found) throw new Error(`No type of ${id}`);
  subscription.put({ id, type: found.type, name: id.split("/").at(-1) ?? "", inputs, outputs: inputs });
}

/** Azure's refusal of a new resource; undefined if it is accepted. */
function refusal(id: string, inputs: PropertyMap, switches: Partial<AzureSwitches>): ArmError | undefined {
  const found = typeOfId(id);
  if (!found) throw new Error(`No type of ${id}`);
  const request = { id, type: found.type, name: id.split("/").at(-1) ?? "", inputs, existing: undefined };
  try {
    refuseResource(request, subscription, { ...defaultAzureSwitches, ...switches });
    return undefined;
  } catch (error) {
    if (error instanceof ArmError) return error;
    throw error;
  }
}

const account = { location: "westeurope", sku: { name: "Standard_ZRS" } };
const plan = { location: "West Europe", sku: { name: "FC1" } };

test("resources of a provider that is not registered are refused", () => {
  const switches = { unregisteredProviders: ["Microsoft.Storage"] };
  expect(refusal(ids.account, account, switches)).toMatchObject({
    status: 409,
    code: "MissingSubscriptionRegistration",
  });
  expect(refusal(ids.plan, plan, switches)).toBeUndefined();
});

test("a region accepts as many storage accounts as the subscription's quota", () => {
  put(`${ids.account}2`, { location: "West Europe" });
  const code = "MaxStorageAccountsCountPerSubscriptionExceeded";
  expect(refusal(ids.account, account, { storageAccountLimit: 1 })).toMatchObject({ status: 409, code });
  expect(refusal(ids.account, { ...account, location: "eastus" }, { storageAccountLimit: 1 })).toBeUndefined();
  expect(refusal(ids.account, account, { storageAccountLimit: 2 })).toBeUndefined();
});

test("names in use by another subscription are taken", () => {
  expect(refusal(ids.account, account, { namesTaken: ["account"] })?.code).toBe("StorageAccountAlreadyTaken");
  expect(refusal(ids.vault, {}, { namesTaken: ["vault"] })?.code).toBe("VaultAlreadyExists");
});

test("a region without Flex Consumption refuses such a plan", () => {
  const switches = { regionsWithoutFlex: ["westeurope"] };
  expect(refusal(ids.plan, plan, switches)?.message).toMatch(/'FC1' is not available in the region 'West Europe'/);
  expect(refusal(ids.plan, { ...plan, sku: { name: "EP1" } }, switches)).toBeUndefined();
});

describe("a policy with the effect Deny", () => {
  const safe = {
    ...account,
    allowBlobPublicAccess: false,
    allowSharedKeyAccess: false,
    minimumTlsVersion: "TLS1_2",
    publicNetworkAccess: "Disabled",
    tags: { costCenter: "crm" },
  };
  const vault = { location: "westeurope", tags: { costCenter: "crm" }, properties: { enablePurgeProtection: true } };
  test.each<[PolicyName, string, PropertyMap, PropertyMap]>([
    ["public-blobs", ids.account, safe, { ...safe, allowBlobPublicAccess: true }],
    ["shared-keys", ids.account, safe, { ...safe, allowSharedKeyAccess: true }],
    ["tls", ids.account, safe, { ...safe, minimumTlsVersion: "TLS1_0" }],
    ["redundancy", ids.account, safe, { ...safe, sku: { name: "Standard_LRS" } }],
    ["public-network", ids.account, safe, { ...safe, publicNetworkAccess: "Enabled" }],
    ["purge-protection", ids.vault, vault, { ...vault, properties: {} }],
    ["tags", ids.vault, vault, { ...vault, tags: { owner: "me" } }],
    ["regions", ids.vault, vault, { ...vault, location: "East US" }],
  ])("%s accepts compliant resources, and nothing else", (name, id, good, bad) => {
    expect(refusal(id, good, { policies: [name] })).toBeUndefined();
    expect(refusal(id, bad, { policies: [name] })).toMatchObject({
      status: 403,
      code: "RequestDisallowedByPolicy",
      detail: expect.stringContaining(`was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"`),
      more: {
        additionalInfo: [
          {
            type: "PolicyViolation",
            info: { policyDefinitionEffect: "deny", policyAssignmentScope: "/subscriptions/sub" },
          },
        ],
      },
    });
    expect(refusal(id, bad, {})).toBeUndefined();
  });
});
