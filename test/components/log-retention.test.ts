import { azureName } from "../../components/relay/azure/azure-names.ts";
import { declareSource, findInputs } from "./declare-source.ts";

test("logRetentionDays applies to every table of the relay's logs, and to the workspace", async () => {
  const resources = await declareSource({ logRetentionDays: 120 });
  const workspace = findInputs(resources, ":operationalinsights:Workspace");
  expect([workspace.retentionInDays, workspace.features.immediatePurgeDataOn30Days]).toEqual([120, false]);
  const tables = resources.flatMap(({ inputs }) => (/^tables\//.test(String(inputs.path)) ? [inputs] : []));
  const names = [
    "Traces",
    "Requests",
    "Exceptions",
    "Dependencies",
    "Metrics",
    "Events",
    "PageViews",
    "PerformanceCounters",
  ];
  expect(tables.map(({ path }) => path).sort()).toEqual(
    [...names, "AvailabilityResults", "BrowserTimings", "SystemEvents"].map((name) => `tables/App${name}`).sort(),
  );
  const properties = { retentionInDays: 120, totalRetentionInDays: 120 };
  for (const { parentId, body } of tables) {
    expect([parentId, body]).toEqual([`${azureName("workspace", "events-relay-monitoring-logs")}-id`, { properties }]);
  }
});

test("30 days are the default, and the tables of an existing workspace are not changed", async () => {
  expect(findInputs(await declareSource(), ":operationalinsights:Workspace").features.immediatePurgeDataOn30Days).toBe(
    true,
  );
  const workspaceId = `/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w`;
  const resources = await declareSource({ azureExisting: { workspaceId }, logRetentionDays: 120 });
  expect(
    resources.filter(({ type, inputs }) => type.endsWith(":Workspace") || /^tables\//.test(String(inputs.path))),
  ).toEqual([]);
});
