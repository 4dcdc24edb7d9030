import * as insights from "@pulumi/azure-native/applicationinsights/index.js";
import * as monitor from "@pulumi/azure-native/monitor/index.js";
import { Workspace } from "@pulumi/azure-native/operationalinsights/index.js";
import * as pulumi from "@pulumi/pulumi";
import { azureName, guidOf } from "./azure-names.ts";

export interface RelayMonitoringArgs {
  resourceGroupName: pulumi.Input<string>;
  /** Who is told; without anybody the alerts still show in the Azure portal. */
  alertEmails: string[];
  /** Days that logs are kept. */
  logRetentionDays: number;
}

/** The relay writes one line of JSON for each outcome; `line` is that line, parsed. */
const outcomes = 'AppTraces | where Message startswith "{" | extend line = parse_json(Message)';

/** What somebody has to be told of, as queries over the relay's outcomes. */
const alerts = {
  "dead-letters": {
    description: "Events were refused for good or given up, and wait as dead letters. They can be replayed.",
    query: `${outcomes} | where tostring(line.outcome) == "dead"`,
  },
  held: {
    description: "Platform refuses the relay (401, 403 or 404): events are held until the dataflow is mended.",
    query: `${outcomes} | where toint(line.held) > 0 and SeverityLevel >= 3`,
  },
  late: {
    description: "Events wait for more than an hour: Platform is away, or takes less than comes in.",
    query: `${outcomes} | where toint(line.oldestSeconds) > 3600`,
  },
  unavailable: {
    description: "The relay could not take events, so Customer.io holds back all that follow.",
    query: `${outcomes} | where tostring(line.outcome) == "unavailable"`,
  },
} as const;

/** What happened to the events, hour by hour. */
const countsQuery = `${outcomes}
| summarize accepted = sum(toint(line.accepted)), filtered = sum(toint(line.filtered)),
    delivered = sum(toint(line.delivered)), duplicate = sum(toint(line.duplicate)), retried = sum(toint(line.retried)),
    held = sum(toint(line.held)), dead = sum(toint(line.dead))
  by bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** How old events are when Platform takes them, from their receipt on. */
const ageQuery = `${outcomes}
| where toint(line.delivered) > 0
| summarize median = percentile(toint(line.ageSeconds), 50), p95 = percentile(toint(line.ageSeconds), 95),
    oldest = max(toint(line.ageSeconds))
  by bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** What the stack's own choices keep from Platform. */
const choicesQuery = `${outcomes}
| where isnotempty(line.rule) or isnotnull(line.redacted)
| extend choice = iff(isnotempty(line.rule), bag_pack(tostring(line.rule), toint(line.filtered)), line.redacted)
| mv-expand kind = bag_keys(choice) to typeof(string)
| summarize events = sum(toint(choice[kind])) by choice = kind, bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** The relay's logs, the alerts on them, and a workbook of its counts. */
export class RelayMonitoring extends pulumi.ComponentResource {
  readonly componentId: pulumi.Output<string>;
  readonly connectionString: pulumi.Output<string>;

  constructor(name: string, args: RelayMonitoringArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:RelayMonitoring", name, {}, options);
    const parent = { parent: this };
    const inGroup = { resourceGroupName: args.resourceGroupName };

    const workspace = new Workspace(
      azureName("workspace", `${name}-logs`),
      { ...inGroup, sku: { name: "PerGB2018" }, retentionInDays: args.logRetentionDays },
      parent,
    );
    const component = new insights.Component(
      azureName("component", `${name}-insights`),
      {
        ...inGroup,
        kind: "web",
        applicationType: "web",
        ingestionMode: "LogAnalytics",
        workspaceResourceId: workspace.id,
        disableLocalAuth: true,
      },
      parent,
    );
    const people = new monitor.ActionGroup(
      azureName("actionGroup", `${name}-people`),
      {
        ...inGroup,
        location: "Global",
        groupShortName: "cio-relay",
        enabled: true,
        emailReceivers: args.alertEmails.map((emailAddress) => ({ name: emailAddress, emailAddress })),
      },
      parent,
    );
    for (const [alert, { description, query }] of Object.entries(alerts)) {
      new monitor.ScheduledQueryRule(
        azureName("alert", `${name}-${alert}`),
        {
          ...inGroup,
          kind: "LogAlert",
          description,
          severity: 1,
          enabled: true,
          scopes: [workspace.id],
          evaluationFrequency: "PT5M",
          windowSize: "PT5M",
          criteria: { allOf: [{ query, timeAggregation: "Count", operator: "GreaterThan", threshold: 0 }] },
          actions: { actionGroups: [people.id] },
        },
        parent,
      );
    }
    new insights.Workbook(
      `${name}-workbook`,
      {
        ...inGroup,
        resourceName: guidOf(pulumi.getProject(), pulumi.getStack(), name),
        kind: "shared",
        category: "workbook",
        displayName: `Customer.io relay (${pulumi.getStack()})`,
        sourceId: workspace.id,
        serializedData: JSON.stringify(workbook),
      },
      // Both hold the name that the stack had at first; a renamed stack keeps its workbook.
      { ...parent, ignoreChanges: ["resourceName", "displayName"] },
    );

    this.componentId = component.id;
    this.connectionString = component.connectionString;
    this.registerOutputs({ componentId: this.componentId });
  }
}

const workbook = {
  version: "Notebook/1.0",
  items: [
    chart("Events by outcome", countsQuery),
    chart("Seconds from receipt to delivery", ageQuery),
    chart("Left out by a filter, or without personal data", choicesQuery),
  ],
};

function chart(title: string, query: string) {
  return {
    type: 3,
    content: {
      version: "KqlItem/1.0",
      title,
      query,
      queryType: 0,
      resourceType: "microsoft.operationalinsights/workspaces",
      visualization: "timechart",
      timeContext: { durationMs: 7 * 24 * 60 * 60 * 1000 },
    },
  };
}
