import fc from "fast-check";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { azureName, compactStem } from "../../components/relay/azure/azure-names.ts";
import { checkInputs } from "../../packages/local-cloud/src/azure/arm/resource-inputs.ts";
import { armResourceTypes } from "../../packages/local-cloud/src/azure/arm/resource-types.ts";
import { Subscription, textAt } from "../../packages/local-cloud/src/azure/arm/subscription.ts";
import { refuseResource } from "../../packages/local-cloud/src/azure/refusals/refusals.ts";
import { defaultAzureSwitches } from "../../packages/local-cloud/src/azure/switches.ts";
import { guidOf } from "../../relay/deploy/resources/arm/guid.ts";
import { declareSource } from "./declare-source.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

/** Azure's rules, written independently of the code under test: for the whole name, with azure-native's 8 digits. */
const legal: Record<Parameters<typeof azureName>[0], RegExp> = {
  resourceGroup: /^(?=.{1,90}$)[\w.()-]*[\w()-]$/,
  identity: /^[a-z0-9][\w-]{2,127}$/i,
  storageAccount: /^[a-z0-9]{3,24}$/,
  vault: /^(?=.{3,24}$)[a-z](-?[a-z0-9])*$/i,
  plan: /^[a-z0-9-]{1,60}$/i,
  site: /^(?=.{2,60}$)[a-z0-9][a-z0-9-]*[a-z0-9]$/i,
  workspace: /^(?=.{4,63}$)[a-z0-9][a-z0-9-]*[a-z0-9]$/i,
  component: /^(?=.{1,260}$)[^%&\\?/]*[^%&\\?/ .]$/,
  actionGroup: /^(?=.{1,260}$)[^:<>+/&%\\?|]*[^:<>+/&%\\?| .]$/,
  budget: /^[\w-]{1,63}$/,
  webTest: /^(?=.{1,260}$)[^%&\\?/]*[^%&\\?/ .]$/,
  virtualNetwork: /^(?=.{2,64}$)[a-z0-9][\w.-]*\w$/i,
  privateEndpoint: /^(?=.{2,64}$)[a-z0-9][\w.-]*\w$/i,
  alert: /^(?=.{1,260}$)[^*<>%{}&:\\?+/#|]*[^*<>%{}&:\\?+/#| .]$/,
};
const kinds = Object.keys(legal) as (keyof typeof legal)[];
const digits = "0a1b2c3d";

test("the resources of a component of any name have names that Azure accepts", () => {
  const names = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/),
    fc.constantFrom("", "-", "--", ".", "0", "9lives", "my_env", "prod.eu", "-edge-", "ÄÖÜ", "x".repeat(500)),
  );
  fc.assert(
    fc.property(names, fc.constantFrom(...kinds), (name, kind) => {
      const isCompact = kind === "storageAccount" || kind === "vault";
      expect(azureName(kind, isCompact ? compactStem(name) : name) + digits).toMatch(legal[kind]);
    }),
    { numRuns: 3000 },
  );
});

test("shortened and cleaned names stay different, and equal names stay equal", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 60 }), fc.string({ minLength: 60 }), fc.constantFrom(...kinds), (a, b, kind) => {
      fc.pre(a !== b);
      expect(azureName(kind, a)).not.toBe(azureName(kind, b));
      expect(azureName(kind, a)).toBe(azureName(kind, a));
    }),
  );
  expect(azureName("site", "my_env")).not.toBe(azureName("site", "my-env"));
});

test("a valid name is kept, so that no existing resource is replaced", () => {
  expect(azureName("plan", "customerio-aep-relay-plan")).toBe("customerio-aep-relay-plan");
  expect(azureName("site", "2nd--Relay")).toBe("2nd--Relay");
  expect(azureName("site", "x".repeat(52))).toBe("x".repeat(52));
  expect(azureName("site", "x".repeat(53))).toHaveLength(52);
});

test("a GUID is valid, and depends on its parts only", () => {
  expect(guidOf("a", "b")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(guidOf("a", "b")).toBe(guidOf("a", "b"));
  expect(guidOf("a", "b")).not.toBe(guidOf("a", "c"));
});

test.each([
  ["customerio-aep", "dev"],
  ["customerio-aep", "my_env"],
  ["customerio-aep", "prod.eu"],
  ["customerio-aep", "customer-lifecycle-messaging-production-europe-west"],
  ["customerio-aep", "x".repeat(100)],
  ["customerio-aep", "PROD"],
  ["customerio-aep", "-_.-"],
  ["customerio-aep", "2026"],
  ["My events_2 (EU)", "dev"],
  ["a-component-with-a-name-that-is-much-longer-than-any-site-in-azure-may-be-called", "dev"],
])("Azure accepts every name of the component %p in the stack %p", async (component, stack) => {
  configureWithCredentials();
  const { resources } = await declareBy(
    () => {
      return { id: new CustomerIoSource(component).webhookId };
    },
    {},
    stack,
  );
  const relay = resources.filter(({ type }) => type.startsWith("azure-native:"));
  expect(relay.length).toBeGreaterThan(14);
  // The site has the name of its plan.
  const plan = resources.find(({ type }) => type === "customerio-aep:index:AppServicePlan")?.inputs.planName;
  const planned = ["web:AppServicePlan", "web:WebApp"].map((kind) => ({
    type: `azure-native:${kind}`,
    name: plan,
    inputs: { name: plan, resourceGroupName: "group" },
  }));
  for (const { type: token, name, inputs } of [...relay, ...planned]) {
    const type = armResourceTypes.get(token);
    if (type === undefined) throw new Error(`packages/local-cloud/src/azure/arm/resource-types.ts has no ${token}.`);
    const checked = checkInputs(
      type,
      name,
      { olds: {}, news: inputs },
      { location: "westeurope", groupLocation: () => undefined },
    );
    expect(checked.failures).toEqual([]);
    const asked = {
      id: `/${name}`,
      type,
      name: textAt(checked.inputs, type.nameInput),
      inputs: {},
      existing: undefined,
    };
    expect(() => refuseResource(asked, nothing, defaultAzureSwitches)).not.toThrow(/invalid|must be a GUID/i);
  }
});

const nothing = new Subscription({
  subscriptionId: "sub",
  tenantId: "tenant",
});

test("the stand-in has the type of every resource that is declared by its path", async () => {
  const declared = await declareSource({
    environment: "prod",
    privateNetwork: { enabled: true },
    monthlyBudget: 1,
    alertEmails: ["oncall@example.com"],
  });
  const paths = declared.filter(({ type }) => type.endsWith(":ArmResource")).map(({ inputs }) => String(inputs.path));
  expect(paths.length).toBeGreaterThan(20);
  // The generic type, which azure-native has for all others, fits any path.
  const ids = [...armResourceTypes.values()].filter(({ armType }) => armType !== "").map(({ id }) => id);
  const unknown = paths.filter((resource) => !ids.some((id) => endsWithPath(id, resource)));
  expect(unknown.map((each) => `packages/local-cloud/src/azure/arm/resource-types.ts has no type of ${each}`)).toEqual(
    [],
  );
});

/** Whether a resource of this type may have this path below its parent. */
function endsWithPath(id: string, resource: string): boolean {
  const [pattern, parts] = [id.split("/").reverse(), resource.split("/").reverse()];
  return parts.every((part, at) => pattern[at] === part || /^\{\w+\}$/.test(pattern[at] ?? ""));
}
