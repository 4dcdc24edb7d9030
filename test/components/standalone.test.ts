import fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { prepareDataflow } from "../../components/platform/prepare-dataflow.ts";
import { SourceArguments } from "../../components/settings/source-arguments.ts";
import { StandaloneWebhookRelay } from "../../components/standalone/webhook-relay.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { partComponents } from "../../relay/deploy/part-components.ts";
import { RelayGuard } from "../../relay/deploy/sdk.ts";
import { dataflowSettings, relaySettings, webhookSettings } from "../../settings/part-settings.ts";
import { plainSettings } from "../../settings/schema.ts";
import { argumentWords } from "../../settings/setting-words.ts";
import { inputsOfOne } from "./declare-source.ts";
import { configureWithCredentials, type DeclaredResource, declareBy } from "./stack.ts";

const streamingUrl = "https://dcs.example/collection/1";

beforeEach(() => {
  configureWithCredentials();
  jest.spyOn(pulumi.log, "warn").mockResolvedValue();
});
afterEach(() => jest.restoreAllMocks());

/** Constructs a component as the engine would; returns what it declares and the outputs of its schema. */
async function constructPart(type: string, inputs: pulumi.Inputs, answers: Record<string, object> = {}) {
  const definition = partComponents.find((component) => component.type.endsWith(`:${type}`));
  if (!definition) throw new Error(`There is no component ${type}.`);
  const { resources, outputs } = await declareBy(async () => {
    const component = (await definition.construct("own", inputs, {})) as unknown as Record<string, unknown>;
    return Object.fromEntries(Object.keys(definition.outputs.shape).map((name) => [name, component[name]]));
  }, answers);
  return { resources, outputs: outputs as Record<string, unknown> };
}

jest.mock("customerio-aep", () => jest.requireActual("../../components/index.ts"), { virtual: true });

const typesOf = (resources: DeclaredResource[]) => [...new Set(resources.map(({ type }) => type.split(":")[0]))].sort();

test("every setting is an argument of a part, except one that the relay's credential replaces", () => {
  const all = new Set<string>([...dataflowSettings, ...relaySettings, ...webhookSettings, "relayCredential"]);
  expect([...all].sort()).toEqual(Object.keys(plainSettings).sort());
});

test("a dataflow alone is created with the defaults of a source, in Platform only", async () => {
  const { resources, outputs } = await constructPart("PlatformDataflow", {
    dataset: { name: "Own events", rowExpirationDays: 60 },
    dataflowActivationSeconds: 60,
  });
  expect(typesOf(resources)).toEqual(["aep", "customerio-aep"]);
  expect(inputsOfOne(resources, "aep:index:Dataset")).toMatchObject({ name: "Own events", rowExpirationDays: 60 });
  expect(inputsOfOne(resources, "aep:index:Schema").title).toBe("Customer.io events (dev)");
  expect(inputsOfOne(resources, "aep:index:MappingSet").samples.length).toBeGreaterThan(10);
  expect(outputs).toMatchObject({
    streamingUrl: "https://dcs.example/collection/1?x-adobe-flow-id=2",
    readyAt: "2026-01-02T03:05:05.000Z",
    dataflowId: "own-dataflow-id",
    datasetId: "own-dataset-id",
    schemaId: "own-schema-id",
  });
});

test("a dataflow alone refuses arguments as a source does", async () => {
  const made = constructPart("PlatformDataflow", { dataset: { rowExpirationDays: 1 } });
  await expect(made).rejects.toThrow(/dataset\.rowExpirationDays is invalid/);
});

test("the mapping and the names in Platform of a dataflow alone are checked before anything is declared", async () => {
  const prepareFlow = (args: object, answers?: Record<string, object>) =>
    declareBy(() => {
      const parent = new pulumi.ComponentResource("own:index:Parent", "own");
      return prepareDataflow(new SourceArguments(args).read(), argumentWords, parent);
    }, answers);
  const removed = { mapping: { remove: ["customerio.nothing"] } };
  await expect(prepareFlow(removed)).rejects.toThrow(/mapping\.remove\[0\]/);
  const inProfile = { "aep:index:getSchemas": { schemas: [{ id: "1", profileEnabled: true }] } };
  await expect(prepareFlow({}, inProfile)).rejects.toThrow(/set the argument profile\.enabled to true/);
});

test("a relay alone whose code is not built is refused at once, with the command that builds it", () => {
  jest.spyOn(fs, "existsSync").mockReturnValue(false);
  expect(() => new StandaloneWebhookRelay("own", { streamingUrl })).toThrow(
    "The relay's code is not built yet (relay/dist is missing). Build it: npm run build",
  );
});

test("a relay alone sends to the given endpoint, at once and without a token", async () => {
  const { resources, outputs } = await constructPart("WebhookRelay", { streamingUrl, duplicateWindowDays: 0 });
  expect(typesOf(resources)).not.toContain("aep");
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(settings).toMatchObject({ PLATFORM_READY_AT: "1970-01-01T00:00:00.000Z", DUPLICATE_WINDOW_DAYS: "0" });
  expect(Object.keys(settings).filter((name) => /CLIENT|SIGNING/.test(name))).toEqual([]);
  const secret = inputsOfOne(resources, "customerio-aep:index:VaultSecret", "platform-streaming-url").value;
  expect(secret).toMatchObject({ value: streamingUrl, [pulumi.runtime.specialSigKey]: expect.any(String) });
  expect(outputs).toMatchObject({
    url: "https://relay.example/customerio",
    healthUrl: "https://relay.example/health",
    queueId: expect.any(String),
  });
  const guard = pulumi.output(outputs.parts as Record<string, { id: string; apiVersion: string }>);
  const parts = await new Promise<Record<string, { id: string }>>((resolve) => guard.apply(resolve));
  expect(Object.keys(parts)).toContain("resource group");
});

test("a credential of a relay alone that lacks something is refused in plain words", async () => {
  const credential = { clientId: "client", orgId: "1@AdobeOrg", clientSecrets: "p8e" };
  await expect(constructPart("WebhookRelay", { streamingUrl, credential })).rejects.toThrow(
    /The arguments can't be used:\n {2}- credential\.clientSecret is invalid: it is missing\.\n {2}- credential\.clientSecrets is invalid: unknown name; the known ones are /,
  );
});

test("a relay alone uses the given credential for tokens, and waits for readyAt", async () => {
  const { resources } = await constructPart("WebhookRelay", {
    streamingUrl,
    readyAt: pulumi.output("2026-02-03T04:05:06.000Z"),
    signingKeys: pulumi.secret("cio-test-signing-key"),
    credential: { clientId: "client", clientSecret: pulumi.secret("p8e-other-secret"), orgId: "1@AdobeOrg" },
  });
  // All settings are secret, since one is.
  const { value: settings } = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(settings).toMatchObject({
    PLATFORM_READY_AT: "2026-02-03T04:05:06.000Z",
    PLATFORM_IMS_URL: "https://ims-na1.adobelogin.com",
    PLATFORM_SCOPES: expect.stringContaining("read_organizations"),
    PLATFORM_CLIENT_ID: "client",
    PLATFORM_CLIENT_SECRET: expect.stringMatching(/^@Microsoft\.KeyVault\(/),
  });
  const secret = inputsOfOne(resources, "customerio-aep:index:VaultSecret", "client-secret").value;
  expect(secret).toMatchObject({ value: "p8e-other-secret", [pulumi.runtime.specialSigKey]: expect.any(String) });
});

test("a guard gets the parts that a preview knows, although others have yet to be created", async () => {
  const guarded: object[] = [];
  const newResource = ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
    if (type === "customerio-aep:index:RelayGuard") guarded.push(inputs.parts as object);
    const id = type === "azure-native:keyvault:Vault" ? "" : `${name}-id`;
    return { id, state: { name, ...inputs, azureApiVersion: "2026-01-01" } };
  };
  const account = { name: "cioown", sku: { name: "Standard_LRS" }, privateEndpointConnections: [] };
  const call = () => ({ subscriptionId: "sub", tenantId: "tenant", names: [], ...account });
  await pulumi.runtime.setMocks({ newResource, call }, "customerio-aep", "dev", true);
  const { parts } = new StandaloneWebhookRelay("own", { streamingUrl });
  new RelayGuard("guard", { delivery: "relay", parts });
  await pulumi.runtime.disconnect();
  const known = { id: "cioown-id", apiVersion: "2026-01-01" };
  expect(guarded).toEqual([expect.objectContaining({ "storage account": known })]);
  const unknown = { ...known, id: pulumi.unknown };
  expect(guarded).toEqual([expect.objectContaining({ vault: unknown })]);
});

test("a relay alone refuses arguments as a source does", async () => {
  await expect(constructPart("WebhookRelay", { streamingUrl, nodeVersion: 20 })).rejects.toThrow(/nodeVersion/);
});

test("a subscription alone posts every event to the given endpoint", async () => {
  const { resources, outputs } = await constructPart("ReportingWebhookSubscription", {
    endpoint: pulumi.output("https://own.example/customerio"),
  });
  const webhook = inputsOfOne(resources, "customerio:index:ReportingWebhook");
  expect(webhook).toMatchObject({ name: "Customer.io events (dev)", disabled: false, fullResolution: false });
  expect(webhook.events).toEqual(subscriptionNames);
  expect(inputsOfOne(resources, "customerio:index:Ownership")).toBeDefined();
  expect(outputs).toEqual({ webhookId: 7, webhookName: "Customer.io events (dev)" });
});

test("a subscription alone accepts a name, events, and whether it is disabled", async () => {
  const { resources } = await constructPart("ReportingWebhookSubscription", {
    endpoint: "https://own.example/customerio",
    webhook: { name: "Own", disabled: true },
    events: ["email_delivered"],
  });
  expect(inputsOfOne(resources, "customerio:index:ReportingWebhook")).toMatchObject({
    name: "Own",
    events: ["email_delivered"],
    disabled: true,
  });
});
