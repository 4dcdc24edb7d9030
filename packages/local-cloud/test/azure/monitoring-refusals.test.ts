import type { Provider } from "../../../pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import { inGroup, make, remove, startAzureWithGroup, type TestAzure } from "./support.ts";

jest.setTimeout(120_000);

let cloud: TestAzure;
let provider: Provider;
let componentId: string;
let testId: string;

beforeAll(async () => {
  cloud = await startAzureWithGroup();
  provider = cloud.azure.provider;
  componentId = (await make(provider, "applicationinsights:Component", "watched", { ...inGroup, kind: "web" })).id;
  testId = (await make(provider, "applicationinsights:WebTest", "test", webTest())).id;
});
afterAll(() => cloud.stop());

const refusal = (token: string, news: PropertyMap) =>
  make(provider, token, "any", news).then(
    () => "accepted",
    (error: Error) => error.message,
  );

const webTest = (over: PropertyMap = {}): PropertyMap => ({
  ...inGroup,
  kind: "standard",
  webTestKind: "standard",
  syntheticMonitorId: "test",
  enabled: true,
  frequency: 900,
  timeout: 60,
  locations: [{ location: "emea-nl-ams-azr" }],
  request: { requestUrl: "https://relay.example/health" },
  tags: { [`hidden-link:${componentId}`]: "Resource" },
  ...over,
});
const metricAlert = (over: PropertyMap = {}): PropertyMap => ({
  ...inGroup,
  location: "global",
  evaluationFrequency: "PT5M",
  windowSize: "PT30M",
  scopes: [testId, componentId],
  criteria: {
    odataType: "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
    webTestId: testId,
    componentId,
    failedLocationCount: 2,
  },
  ...over,
});
const logAlert = (over: PropertyMap = {}): PropertyMap => ({
  ...inGroup,
  evaluationFrequency: "PT1H",
  windowSize: "P2D",
  scopes: [componentId],
  criteria: { allOf: [{ query: "AppTraces" }] },
  ...over,
});

test("a web test belongs to one component by its tag, calls every 5, 10 or 15 minutes, and has locations", async () => {
  expect(await refusal("applicationinsights:WebTest", webTest())).toBe("accepted");
  const missing = "A single 'hidden-link' tag pointing to an existing AI component is required. Found none.";
  expect(await refusal("applicationinsights:WebTest", webTest({ tags: {} }))).toContain(missing);
  const elsewhere = { tags: { [`hidden-link:${componentId}x`]: "Resource" } };
  expect(await refusal("applicationinsights:WebTest", webTest(elsewhere))).toContain("hidden-link");
  expect(await refusal("applicationinsights:WebTest", webTest({ frequency: 60 }))).toContain("300, 600 or 900");
  expect(await refusal("applicationinsights:WebTest", webTest({ timeout: 121 }))).toContain("timeout");
  expect(await refusal("applicationinsights:WebTest", webTest({ locations: [] }))).toContain("location");
  expect(await refusal("applicationinsights:WebTest", webTest({ request: {} }))).toContain("requestUrl");
});

test("a web test's alert is about the test and its component", async () => {
  expect(await refusal("monitor:MetricAlert", metricAlert())).toBe("accepted");
  expect(await refusal("monitor:MetricAlert", metricAlert({ scopes: [componentId] }))).toContain("scopes");
  expect(await refusal("monitor:MetricAlert", metricAlert({ windowSize: "PT10M" }))).toContain("windowSize");
  expect(await refusal("monitor:MetricAlert", metricAlert({ windowSize: "PT1M" }))).toContain("smaller");
});

test("a log table has a known name and a valid retention, and is deleted only with its workspace", async () => {
  const workspace = await make(provider, "operationalinsights:Workspace", "logs", {
    ...inGroup,
    workspaceName: "logs",
  });
  const table = (over: PropertyMap) =>
    refusal("operationalinsights:Table", { ...inGroup, workspaceName: "logs", tableName: "AppTraces", ...over });
  expect(await table({ retentionInDays: 3 })).toContain("retentionInDays must be");
  expect(await table({ tableName: "AppTrace", retentionInDays: 30 })).toContain("'AppTrace' was not found");
  const made = await make(provider, "operationalinsights:Table", "table", {
    ...inGroup,
    workspaceName: "logs",
    tableName: "AppTraces",
    retentionInDays: 30,
    totalRetentionInDays: -1,
  });
  await expect(remove(provider, made)).rejects.toThrow("can't be deleted");
  await remove(provider, workspace);
});

test("a log alert looks back at most two days, in steps that Azure allows", async () => {
  expect(await refusal("monitor:ScheduledQueryRule", logAlert())).toBe("accepted");
  expect(await refusal("monitor:ScheduledQueryRule", logAlert({ windowSize: "P3D" }))).toContain("windowSize");
  expect(await refusal("monitor:ScheduledQueryRule", logAlert({ windowSize: "PT5M" }))).toContain("smaller");
  expect(await refusal("monitor:ScheduledQueryRule", logAlert({ evaluationFrequency: "PT7M" }))).toContain("minutes");
  const muted = { muteActionsDuration: "PT1H" };
  expect(await refusal("monitor:ScheduledQueryRule", logAlert(muted))).toContain("autoMitigate");
  expect(await refusal("monitor:ScheduledQueryRule", logAlert({ ...muted, autoMitigate: false }))).toBe("accepted");
});

test("an alert on metrics is about one resource, and has a criterion", async () => {
  const odataType = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria";
  const one = { scopes: [componentId], criteria: { odataType, allOf: [{ metricName: "Availability" }] } };
  const of = (over: PropertyMap) =>
    refusal("monitor:MetricAlert", metricAlert({ ...one, windowSize: "PT15M", ...over }));
  expect(await of({})).toBe("accepted");
  expect(await of({ scopes: [componentId, testId] })).toContain("one scope");
  expect(await of({ criteria: { odataType, allOf: [] } })).toContain("no criterion");
});

test("alerts and action groups are global", async () => {
  const group = { ...inGroup, groupShortName: "people", enabled: true };
  expect(await refusal("monitor:ActionGroup", group)).toContain(
    "Code=\"LocationNotAvailableForResourceType\" Message=\"The provided location 'westeurope' is not available for resource type 'Microsoft.Insights/actionGroups'.",
  );
  expect(await refusal("monitor:ActionGroup", { ...group, location: "Global" })).toBe("accepted");
});
