import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { queryOf } from "../../components/relay/monitoring/log-alert.ts";
import { platformAlerts } from "../../components/relay/monitoring/metric-alerts.ts";
import { relayAlertNames, relayAlerts } from "../../components/relay/monitoring/relay-alerts.ts";
import { workbookOf } from "../../components/relay/monitoring/workbook.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

/**
 * The columns of the tables that queries may read, from Azure Monitor's table reference. `_LogOperation` is the documented view over
 * `Operation`.
 */
const tables = {
  AppTraces:
    "TimeGenerated: datetime, Message: string, SeverityLevel: int, Properties: dynamic, Measurements: dynamic, OperationName: string, " +
    "OperationId: string, ParentId: string, AppRoleName: string, AppRoleInstance: string, AppVersion: string, SDKVersion: string, " +
    "ItemCount: int, ResourceGUID: string, _ResourceId: string, _BilledSize: real, Type: string",
  AppExceptions:
    "TimeGenerated: datetime, ProblemId: string, ExceptionType: string, OuterMessage: string, SeverityLevel: int, Properties: dynamic, " +
    "OperationName: string, AppRoleName: string, AppRoleInstance: string, ItemCount: int, _ResourceId: string, Type: string",
  _LogOperation:
    "TimeGenerated: datetime, Category: string, Operation: string, Level: string, Detail: string, _ResourceId: string, Type: string",
};

const componentId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/c";

function problemsOf(queries: readonly string[]): string[][] {
  const checker = path.join(import.meta.dirname, "check-kql.ts");
  const input = JSON.stringify({ tables, queries });
  return JSON.parse(execFileSync(process.execPath, [checker], { input, encoding: "utf8", maxBuffer: 1e7 }));
}

test("every query is valid for the tables' schema, and the check finds invalid ones", () => {
  const alerts = Object.values(relayAlerts({ expectsEvents: true, silenceHours: 24 }));
  const ofAlerts = alerts.map((alert) => queryOf(alert, componentId));
  const ofWorkbook = workbookOf(componentId).items.map(({ content }) => content.query);
  const wrong = [
    "AppTraces | where Massage == 1",
    'AppTraces | where SeverityLevel > "high"',
    "AppTraces | where tolong(line.held) > 0",
    "union isfuzzy=true AppTrace | count",
  ];
  const problems = problemsOf([...ofAlerts, ...ofWorkbook, ...wrong]);
  const right = problems.slice(0, -wrong.length);
  expect(right).toHaveLength(relayAlertNames.length + 3);
  expect(right.flat()).toEqual([]);
  for (const found of problems.slice(-wrong.length)) expect(found).not.toEqual([]);
});

test("every query works on a new workspace and on a shared one", () => {
  for (const [name, alert] of Object.entries(relayAlerts({ expectsEvents: true, silenceHours: 24 }))) {
    const query = queryOf(alert, componentId);
    expect(query).toMatch(/^union isfuzzy=true \w+\s/);
    // The cap applies to the whole workspace.
    expect(query.includes(`where _ResourceId =~ "${componentId}"`)).toBe(name !== "cap");
  }
});

test("every alert names its stack, its severity, who gets it, and a section of the docs that exists", async () => {
  configureWithCredentials();
  const { resources } = await declareBy(() => {
    const alerts = { alertWebhooks: ["https://hooks.example/key"] };
    return {
      id: new CustomerIoSource("events", { ...alerts, azure: { secretLifetimeDays: 365, separateHostStorage: true } })
        .webhookId,
    };
  });
  const of = (type: string) => resources.filter((resource) => resource.type === `azure-native:monitor:${type}`);
  const page = readFileSync(path.join(import.meta.dirname, "../../docs/runbooks.md"), "utf8");
  const sections = new Set([...page.matchAll(/^### Alert `([\w-]+)`$/gm)].map(([, name]) => `alert-${name}`));
  const runbook = (properties: { runbook: string; stack: string }) => {
    expect(properties.stack).toMatch(/^\w.*\/\w/);
    const [file, anchor] = properties.runbook.split("#");
    expect(file).toBe("customerio-aep/docs/runbooks.md");
    return anchor ?? "";
  };
  const anchors = [];
  for (const { inputs } of of("ScheduledQueryRule")) {
    expect(inputs).toMatchObject({ skipQueryValidation: true, autoMitigate: expect.any(Boolean) });
    expect(inputs.displayName).toMatch(/^Customer\.io relay .+: [\w-]+$/);
    expect([1, 2]).toContain(inputs.severity);
    // Azure refuses to mute a rule that resolves itself.
    expect("muteActionsDuration" in inputs).toBe(!inputs.autoMitigate);
    expect(inputs.actions.actionGroups).toHaveLength(1);
    anchors.push(runbook(inputs.actions.customProperties));
  }
  for (const { inputs } of of("MetricAlert")) {
    expect(inputs.autoMitigate).toBe(true);
    expect([1, 2]).toContain(inputs.severity);
    expect(inputs.actions).toHaveLength(1);
    anchors.push(runbook(inputs.actions[0].webHookProperties));
  }
  const events = resources.filter(({ inputs }) => String(inputs.path).includes("Microsoft.EventGrid/"));
  for (const { inputs } of events) {
    const { severity, actionGroups, description } = inputs.body.properties.destination.properties;
    expect(severity).toMatch(/^Sev[12]$/);
    expect(actionGroups).toHaveLength(1);
    const [, stack = "", page = ""] = description.match(/ Stack: (.*)\. What to do: (\S+)$/) ?? [];
    anchors.push(runbook({ stack, runbook: page }));
  }
  const missing = anchors.filter((anchor) => !sections.has(anchor));
  expect(missing.map((anchor) => `docs/runbooks.md has no section for ${anchor}`)).toEqual([]);
  expect(anchors.sort()).toEqual([...sections].sort());
  const names = [...relayAlertNames, ...Object.keys(platformAlerts), "availability", "secret-expiry"];
  expect(anchors).toEqual(names.map((name) => `alert-${name}`).sort());
  const [group] = of("ActionGroup");
  // Wrapped as a secret.
  expect(group?.inputs.webhookReceivers).toMatchObject({ value: [{ name: "webhook 1", useCommonAlertSchema: true }] });
});
