import { plannedRelay } from "../../components/relay/azure/planned-relay.ts";
import { ArmError } from "../../packages/local-cloud/src/azure/arm/arm-error.ts";
import { typeOfId } from "../../packages/local-cloud/src/azure/arm/resource-id.ts";
import { armResourceTypes } from "../../packages/local-cloud/src/azure/arm/resource-types.ts";
import { denials, refuseByPolicy } from "../../packages/local-cloud/src/azure/refusals/policies.ts";
import { type PolicyName, policies } from "../../packages/local-cloud/src/azure/refusals/policy-definitions.ts";
import { defaultAzureSwitches } from "../../packages/local-cloud/src/azure/switches.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { policyRemedy } from "../../relay/deploy/preflight/policy-remedy.ts";
import { privateNetwork } from "../../settings/network-settings.ts";
import { declareSource } from "./declare-source.ts";
import type { DeclaredResource } from "./stack.ts";

/** Policies with which the relay complies in every environment, with the tag that one of them requires. */
const everywhere: PolicyName[] = ["public-blobs", "shared-keys", "tls", "https-only", "tags", "regions"];
/** Policies with which only `prod` complies. */
const inProduction: PolicyName[] = [...everywhere, "redundancy", "purge-protection"];

const tagged = { azureTags: { costCenter: "crm" } };

/** The resources of a program that Azure Policy denies, by policy and type. */
function findDenied(resources: readonly DeclaredResource[], assigned: readonly PolicyName[]): string[] {
  const switches = { ...defaultAzureSwitches, policies: assigned };
  return resources.flatMap(({ type, inputs }) => {
    const [armType, values] = armForm(type, inputs);
    return armType === undefined ? [] : denials(armType, values, switches).map(({ name }) => `${name} ${armType}`);
  });
}

/** A declared resource as Azure gets it: azure-native adds the group's region if the program names none. */
function armForm(type: string, inputs: DeclaredResource["inputs"]): [string | undefined, PropertyMap] {
  const native = armResourceTypes.get(type);
  if (native) {
    return [native.armType, { ...inputs, ...(native.located && { location: inputs.location ?? "westeurope" }) }];
  }
  const inRegion = { ...inputs.body, location: inputs.body?.location ?? "westeurope" };
  if (type.endsWith(":AppServicePlan")) return ["Microsoft.Web/serverfarms", inRegion];
  if (type.endsWith(":FunctionApp")) return ["Microsoft.Web/sites", inRegion];
  if (type.endsWith(":ArmResource")) return [typeOfId(`${inputs.parentId}/${inputs.path}`)?.type.armType, inputs.body];
  return [undefined, {}];
}

test("prod passes every required policy", async () => {
  expect(findDenied(await declareSource({ environment: "prod", ...tagged }), inProduction)).toEqual([]);
});

test("dev passes the policies of every environment, and fails those about costs or what can't be undone", async () => {
  const resources = await declareSource(tagged);
  expect(findDenied(resources, everywhere)).toEqual([]);
  expect(findDenied(resources, inProduction).toSorted()).toEqual([
    "purge-protection Microsoft.KeyVault/vaults",
    "redundancy Microsoft.Storage/storageAccounts",
  ]);
});

test("without the required tag every resource in a region is denied, except the group", async () => {
  const types = findDenied(await declareSource({}), ["tags"]).map((line) => line.replace("tags ", ""));
  expect(types).toEqual(
    expect.arrayContaining([
      "Microsoft.Storage/storageAccounts",
      "Microsoft.KeyVault/vaults",
      "Microsoft.Web/serverfarms",
      "Microsoft.Web/sites",
      "Microsoft.OperationalInsights/workspaces",
      "Microsoft.Insights/components",
    ]),
  );
});

test("a preview's question is denied exactly as the resources themselves are", async () => {
  const needs = {
    nodeVersion: 22,
    azure: {},
    azureNames: {},
    azureExisting: {},
    monthlyBudget: 0,
    azureTags: {},
  } as const;
  const login = { subscriptionId: "sub", tenantId: "tenant" };
  const all = Object.keys(policies) as PolicyName[];
  const [dev, prod] = [{ environment: "dev" }, { environment: "prod" }] as const;
  const networks = [{}, { enabled: true }, { enabled: true, publicAccess: true }, { enabled: false }];
  const cases = [dev, prod].flatMap((one) => networks.map((network) => ({ ...one, network })));
  for (const { environment, network } of cases) {
    const resources = await declareSource({ environment, privateNetwork: network });
    const planned = { ...needs, environment, privateNetwork: privateNetwork.parse(network) };
    const asked = plannedRelay(planned, login).resources ?? [];
    const expected = new Set(findDenied(resources, all));
    const types = new Set(asked.map(({ type }) => type));
    const found = asked.flatMap(({ type, content }) => {
      const values = { location: "westeurope", ...content } as PropertyMap;
      return denials(type, values, { policies: all }).map(({ name }) => `${name} ${type}`);
    });
    expect(found.toSorted()).toEqual([...expected].filter((line) => types.has(line.split(" ")[1] ?? "")).toSorted());
  }
});

test("each policy that a setting can satisfy has that setting as its remedy", () => {
  const remedyOf = (name: PolicyName, type: string) =>
    policyRemedy([policies[name].path], { assignmentId: "assignment", scope: "/subscriptions/sub", type });
  const [account, vault] = ["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"];
  expect(remedyOf("redundancy", account)).toContain("--path azure.storageRedundancy <redundancy>");
  expect(remedyOf("purge-protection", vault)).toContain("--path azure.purgeProtection true");
  expect(remedyOf("tags", vault)).toContain("--path azureTags.costCenter <value>");
  expect(remedyOf("regions", vault)).toContain("azure-native:location <region>");
  expect(remedyOf("public-network", account)).toContain("--path privateNetwork.enabled true");
  expect(remedyOf("network-rules", account)).toContain("--path privateNetwork.enabled true");
  // The SKU of a plan is not a redundancy.
  expect(remedyOf("redundancy", "Microsoft.Web/serverfarms")).toMatch(
    /^No setting changes that\..*az policy exemption create/,
  );
});

test("a denied resource is refused as Azure refuses it, for a program's own resources too", async () => {
  const resources = await declareSource({});
  const vault = resources.find(({ type }) => type === "azure-native:keyvault:Vault")?.inputs;
  const id = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.KeyVault/vaults/vault";
  const type = typeOfId(id)?.type;
  if (!type) throw new Error("no type");
  const request = { id, type, name: "vault", inputs: vault, existing: undefined };
  expect(() => refuseByPolicy(request, { ...defaultAzureSwitches, policies: ["purge-protection"] })).toThrow(ArmError);
  expect(() => refuseByPolicy(request, defaultAzureSwitches)).not.toThrow();
});
