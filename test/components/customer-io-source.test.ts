import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { relayAlertNames } from "../../components/relay/monitoring/relay-alerts.ts";
import { StackSettings } from "../../components/settings/settings-source.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { readAppSettings as readRelaySettings } from "../../relay/azure/settings.ts";
import { maxBodyBytes } from "../../relay/core/intake/body-limit.ts";
import { memoryBudget } from "../../relay/core/intake/memory-budget.ts";
import { declareFromSettings, inputsOfOne } from "./declare-source.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

/** What is declared with no setting but the credentials. */
let byDefault: Awaited<ReturnType<typeof declareFromSettings>>;
beforeAll(async () => {
  byDefault = await declareFromSettings();
});

test("without a signing key the webhook is created disabled, and the next steps are shown", async () => {
  const { resources, outputs } = byDefault;
  const webhook = inputsOfOne(resources, "customerio:index:ReportingWebhook");
  expect(webhook).toMatchObject({
    name: "Customer.io events (dev)",
    endpoint: "https://relay.example/customerio",
    disabled: true,
  });
  expect(webhook.events).toEqual(subscriptionNames);
  expect(outputs.nextSteps[0]).toContain('menu of "Customer.io events (dev)"');
  expect(outputs.nextSteps.slice(1)).toEqual([
    expect.stringMatching(
      /^Run npx customerio-aep signing-key: .*Or, step by step: npx pulumi config set --secret signingKeys, npx pulumi up/,
    ),
    expect.stringMatching(
      /^In Experience Platform \(https:\/\/experience\.adobe\.com\), subscribe to alerts: Sources > Dataflows > /,
    ),
    expect.stringMatching(
      /^In Azure \(https:\/\/portal\.azure\.com\/#resource\S+\/overview\), under Access control \(IAM\)/,
    ),
  ]);
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(Object.keys(settings)).not.toContain("CUSTOMERIO_SIGNING_KEYS");
});

test("only the streaming URL is secret, since an operator has to read the next steps", async () => {
  configureWithCredentials({ signingKeys: "cio-test-signing-key" });
  const { outputs } = await declareBy(async () => {
    const made = new CustomerIoSource("events", new StackSettings(new pulumi.Config("customerio-aep")));
    const { relayUrl, relayHostName, streamingUrl, dataflowId, datasetId, schemaId, webhookId, nextSteps } = made;
    const all = { relayUrl, relayHostName, streamingUrl, dataflowId, datasetId, schemaId, webhookId, nextSteps };
    const secrets = Object.entries(all).map(async ([name, value]) =>
      (await pulumi.isSecret(value as pulumi.Output<unknown>)) ? [name] : [],
    );
    return { secrets: (await Promise.all(secrets)).flat() };
  });
  expect(outputs).toEqual({ secrets: ["streamingUrl"] });
});

test("with a signing key it is enabled, and the key reaches the relay only through the vault", async () => {
  const { resources, outputs } = await declareFromSettings({ signingKeys: "cio-test-signing-key" });
  expect(inputsOfOne(resources, "customerio:index:ReportingWebhook").disabled).toBe(false);
  expect(outputs.nextSteps).toEqual([]);
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(settings.CUSTOMERIO_SIGNING_KEYS).toMatch(
    /^@Microsoft\.KeyVault\(SecretUri=https:\/\/vault\.example\/secrets\/.*\/v1\)$/,
  );
  expect(settings.PLATFORM_STREAMING_URL).toMatch(/^@Microsoft\.KeyVault\(/);
  expect(inputsOfOne(resources, "customerio-aep:index:VaultSecret", "signing-keys").value.value).toBe(
    "cio-test-signing-key",
  );
});

test("the webhook posts to another address, and everything else calls the function app", async () => {
  const webhookEndpoint = "https://events.example.com/customerio";
  const { resources, outputs } = await declareFromSettings({ webhookEndpoint });
  expect(inputsOfOne(resources, "customerio:index:ReportingWebhook").endpoint).toBe(webhookEndpoint);
  expect([outputs.relayUrl, outputs.relayHostName]).toEqual([webhookEndpoint, "relay.example"]);
  const others = resources.filter(({ type }) => !/ReportingWebhook|Ownership|Subscription$/.test(type));
  expect(JSON.stringify(others)).not.toContain("events.example.com");
  expect(inputsOfOne(resources, "azure-native:applicationinsights:WebTest").request.requestUrl).toBe(
    "https://relay.example/health",
  );
});

test("a destroy deletes the guards of the relay and of the dataset first", async () => {
  const { resources } = byDefault;
  const relay = "https://relay.example/health";
  const { parts: _parts, ...guarded } = inputsOfOne(resources, "customerio-aep:index:RelayGuard");
  expect(guarded).toEqual({
    delivery: "relay",
    queueId: inputsOfOne(resources, "customerio-aep:index:QueueDrain").queueId,
    healthUrl: relay,
  });
  expect(inputsOfOne(resources, "aep:index:DatasetGuard", "-aep-guard").relayHealthUrl).toBe(relay);
  const last = { relayHealthUrl: relay, deletedBefore: "Customer.io's webhook" };
  expect(inputsOfOne(resources, "aep:index:DatasetGuard", "-last-guard")).toMatchObject(last);
});

test("the relay's guard knows every resource that a destroy deletes in Azure", async () => {
  const { resources } = byDefault;
  const goesWithAnother = /:WebApp|"path":"(queueServices|blobServices|managementPolicies|tables)/;
  const deleted = resources.filter(
    ({ type, inputs }) =>
      /^azure-native:|:(ArmResource|AppServicePlan|FunctionApp)$/.test(type) &&
      !goesWithAnother.test(type + JSON.stringify(inputs)),
  );
  const { parts } = inputsOfOne(resources, "customerio-aep:index:RelayGuard");
  const ids = Object.values<{ id: string }>(parts).map(({ id }) => id);
  const unknown = deleted.filter(({ name }) => !ids.includes(`${name}-id`));
  expect(unknown.map(({ name }) => `${name}: add it to the parts of its component in components/relay`)).toEqual([]);
  expect(ids.sort()).toEqual(deleted.map(({ name }) => `${name}-id`).sort());
  expect(ids.length).toBeGreaterThan(20);
});

test("the relay holds events back while Platform enables the dataflow", async () => {
  const { resources } = await declareFromSettings({ dataflowActivationSeconds: 60 });
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(settings.PLATFORM_READY_AT).toBe("2026-01-02T03:05:05.000Z");
});

test("once fields were added to the schema, a changed dataflow is waited for until Platform's cache of schemas has them", async () => {
  const changed = { "aep:index:FieldGroup": { version: "1.1" } };
  const { resources } = await declareFromSettings({}, changed);
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  // Fifteen minutes after the change of the dataflow, which comes after that of the schema.
  expect(settings.PLATFORM_READY_AT).toBe("2026-01-02T03:19:05.000Z");
  const direct = await declareFromSettings({ delivery: "direct" }, changed);
  expect(inputsOfOne(direct.resources, "aep:index:Dataflow").activationSeconds).toBe(900);
});

test("each queue of events has a poison queue, and the relay a role on both", async () => {
  const { resources } = await declareFromSettings({ eventQueues: 3 });
  const names = ["events", "events-poison", "events-2", "events-2-poison", "events-3", "events-3-poison"];
  const paths = resources.flatMap(({ inputs }) => inputs.path ?? []);
  const queues = paths.filter((path: string) => path.startsWith("queueServices/"));
  expect(queues).toEqual(names.map((name) => `queueServices/default/queues/${name}`));
  const roles = resources.flatMap(({ name }) => name.match(/-relay-queue-(events.*)$/)?.[1] ?? []);
  expect(roles.toSorted()).toEqual(names.toSorted());
  expect(inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties.EVENT_QUEUES).toBe("3");
  const { resources: usual } = byDefault;
  expect(inputsOfOne(usual, "azure-native:web:WebAppApplicationSettings").properties).not.toHaveProperty(
    "EVENT_QUEUES",
  );
});

test("the app is valid for Flex Consumption, and uses only its identity", async () => {
  const { resources } = byDefault;
  const app = inputsOfOne(resources, "customerio-aep:index:FunctionApp").body.properties;
  expect(app.siteConfig).toEqual({ minTlsVersion: "1.2", scmMinTlsVersion: "1.2" });
  expect(app.functionAppConfig.runtime).toEqual({ name: "node", version: "22" });
  expect(app.functionAppConfig.deployment.storage).toMatchObject({
    value: "https://cioaep.blob.example/code",
    authentication: { type: "UserAssignedIdentity" },
  });
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(settings).toMatchObject({
    RELAY_STORAGE__queueServiceUri: "https://cioaep.queue.example/",
    RELAY_STORAGE__blobServiceUri: "https://cioaep.blob.example/",
    RELAY_STORAGE__credential: "managedidentity",
    RELAY_STORAGE__clientId: "client",
    AzureWebJobsStorage__clientId: "client",
  });
  // The host holds a body in memory before the relay sees it, for any sender.
  const hostLimit = Number(settings.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT);
  expect([hostLimit > maxBodyBytes, hostLimit < maxBodyBytes * 1.1]).toEqual([true, true]);
  expect(settings.INSTANCE_MEMORY_MB).toBe("2048");
  const { triggers } = app.functionAppConfig.scaleAndConcurrency;
  expect(triggers.http.perInstanceConcurrency).toBe(memoryBudget(2048).calls);
  for (const refused of ["FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"]) {
    expect(Object.keys(settings)).not.toContain(refused);
  }
  expect(inputsOfOne(resources, "azure-native:storage:StorageAccount").allowSharedKeyAccess).toBe(false);
  const roles = resources.filter(({ inputs }) => inputs.path?.includes("/roleAssignments/"));
  expect(roles.map(({ name }) => name.replace("customerio-aep-relay-", "")).toSorted()).toEqual([
    "monitoring-metrics-publisher",
    "queue-events",
    "queue-events-poison",
    "secret-customerio-signing-keys",
    "secret-platform-client-secret",
    "secret-platform-streaming-url",
    "storage-blob-data-owner",
    "storage-table-data-contributor",
  ]);
  for (const { inputs } of roles) expect(inputs.body.properties.principalType).toBe("ServicePrincipal");
});

test("claims are kept longer than any message that may refer to them", async () => {
  const { resources } = byDefault;
  const rule = inputsOfOne(resources, "customerio-aep:index:ArmResource", "sweep").body.properties.policy.rules[0];
  expect(rule.definition.filters.prefixMatch).toEqual(["claims/"]);
  expect(rule.definition.actions.baseBlob.delete.daysAfterModificationGreaterThan).toBeGreaterThan(30);
});

test("titles contain the stack's name, names in Azure do not", async () => {
  const { resources } = byDefault;
  expect(inputsOfOne(resources, "aep:index:Schema").title).toBe("Customer.io events (dev)");
  expect(inputsOfOne(resources, "aep:index:FieldGroup").title).toBe("Customer.io events (dev) fields");
  const inAzure = resources.filter(({ type }) => type.startsWith("azure-native:"));
  expect(inAzure.filter(({ name }) => name.includes("dev"))).toEqual([]);
  expect(inAzure.find(({ type }) => type === "azure-native:storage:StorageAccount")?.name).toBe("cioaep");
});

test("test mode leaves cio_id unmapped", async () => {
  const destinations = async (settings: Record<string, unknown>) => {
    const { resources } = await declareFromSettings(settings);
    return inputsOfOne(resources, "aep:index:MappingSet").mappings.map(
      (item: { destination: string }) => item.destination,
    );
  };
  expect(await destinations({})).toContain("_acme.customerio.cio_id");
  expect(await destinations({ testMode: true })).not.toContain("_acme.customerio.cio_id");
});

test("a standby stack has a disabled webhook, and no alert about missing calls", async () => {
  const signingKeys = "cio-test-signing-key";
  const off = async (webhook: object) => {
    const { resources } = await declareFromSettings({ signingKeys, webhook });
    const rules = resources.filter(({ type }) => type === "azure-native:monitor:ScheduledQueryRule");
    const disabled = rules.filter(({ inputs }) => !inputs.enabled).map(({ name }) => name.split("monitoring-")[1]);
    return { sends: !inputsOfOne(resources, "customerio:index:ReportingWebhook").disabled, disabled };
  };
  expect(await off({})).toEqual({ sends: true, disabled: [] });
  expect(await off({ disabled: true })).toEqual({
    sends: false,
    disabled: ["unavailable", "refused", "silent", "exceptions"],
  });
});

test("every alert goes to every receiver", async () => {
  // An action group can't have two receivers of one name.
  const { resources } = await declareFromSettings({
    alertEmails: ["ops@example.org", "Ops@example.org", "ops@example.org"],
  });
  expect(inputsOfOne(resources, "azure-native:monitor:ActionGroup").emailReceivers).toEqual([
    { name: "ops@example.org", emailAddress: "ops@example.org", useCommonAlertSchema: true },
  ]);
  const rules = resources.filter(({ type }) => type === "azure-native:monitor:ScheduledQueryRule");
  expect(rules.map(({ name }) => name.split("monitoring-")[1]).sort()).toEqual([...relayAlertNames].sort());
  expect(rules.filter(({ inputs }) => !inputs.enabled).map(({ name }) => name.split("monitoring-")[1])).toEqual([
    "unavailable",
    "refused",
    "silent",
    "exceptions",
  ]);
  const test = inputsOfOne(resources, "azure-native:applicationinsights:WebTest");
  expect(test.request.requestUrl).toBe("https://relay.example/health");
  const metricAlerts = resources.filter(({ type }) => type === "azure-native:monitor:MetricAlert");
  expect(metricAlerts).toHaveLength(5);
  for (const { inputs } of metricAlerts) {
    expect(inputs.actions).toMatchObject([{ actionGroupId: "customerio-aep-relay-monitoring-people-id" }]);
  }
});

test("the relay can read its settings about events", async () => {
  const { resources } = await declareFromSettings({
    filters: { except: { recipientDomains: ["Example.org"] } },
    personalData: { email: "hash" },
    maximumCallAgeSeconds: 600,
    duplicateWindowDays: 3,
    maximumRequestsPerSecond: 250,
  });
  const given = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  const read = readRelaySettings({ ...given, PLATFORM_STREAMING_URL: "https://dcs.example/1?x-adobe-flow-id=2" });
  expect(read).toMatchObject({
    intake: {
      policy: {
        filters: { except: { recipientDomains: ["example.org"] } },
        personalData: { content: "keep", email: "hash", recipient: "keep" },
      },
      maximumAgeSeconds: 600,
    },
    platform: { requestsPerSecond: 250, readyAt: new Date("2026-01-02T03:09:05.000Z") },
    duplicateWindowDays: 3,
    storage: { tableServiceUri: "https://cioaep.table.example/" },
  });
});

test("the relay writes every field of its log lines that alerts and workbook read", async () => {
  const { resources } = byDefault;
  const queries = [
    ...resources
      .filter(({ type }) => type === "azure-native:monitor:ScheduledQueryRule")
      .map(({ inputs }) => inputs.criteria.allOf[0].query as string),
    inputsOfOne(resources, "customerio-aep:index:ArmResource", "workbook").body.properties.serializedData as string,
  ];
  const read = new Set(queries.flatMap((query) => [...query.matchAll(/line\.(\w+)/g)].map(([, field]) => field)));
  const folder = path.resolve(import.meta.dirname, "../../relay/azure");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const code = files.map((name) => readFileSync(path.join(folder, name), "utf8"));
  const writes = (field: string | undefined) => code.some((text) => new RegExp(`\\b${field}\\b`).test(text));
  expect([...read].filter((field) => !writes(field))).toEqual([]);
  expect([...read].sort()).toEqual([
    "accepted",
    "ageSeconds",
    "dead",
    "delivered",
    "deliveredSeconds",
    "duplicate",
    "filtered",
    "held",
    "level",
    "oldestSeconds",
    "outcome",
    "paused",
    "redacted",
    "refused",
    "retried",
    "rule",
    "setAside",
    "tests",
    "unavailable",
    "unsigned",
    "untakenSeconds",
  ]);
});
