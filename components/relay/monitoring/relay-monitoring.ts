import * as insights from "@pulumi/azure-native/applicationinsights/index.js";
import * as monitor from "@pulumi/azure-native/monitor/index.js";
import { Workspace } from "@pulumi/azure-native/operationalinsights/index.js";
import * as pulumi from "@pulumi/pulumi";
import { guidOf } from "../../../relay/deploy/resources/arm/guid.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import { derive } from "../../settings/inputs.ts";
import type { Settings } from "../../settings/setting-types.ts";
import { addName, azureName } from "../azure/azure-names.ts";
import { type AzurePart, armPart, nativePart } from "../azure/azure-parts.ts";
import type { AzureProfile } from "../azure/azure-profile.ts";
import type { RelayGroup } from "../relay-group.ts";
import { type RelayAlert, relayAlertNames, relayAlerts } from "./relay-alerts.ts";
import { lineField, lineNumber, onlyOf, relayLines } from "./relay-log.ts";

export interface RelayMonitoringArgs
  extends Pick<Settings, "alertEmails" | "logRetentionDays" | "silenceAlertHours" | "azureNames" | "azureExisting"> {
  profile: Pick<AzureProfile, "dailyLogQuotaGb">;
  resourceGroup: Pick<RelayGroup, "id" | "name" | "location">;
  /** Whether Customer.io's webhook is enabled. */
  expectsEvents: boolean;
}

/** What happened to the events, hour by hour. */
const countsQuery = `${relayLines}
| summarize accepted = sum(${lineNumber("accepted")}), filtered = sum(${lineNumber("filtered")}),
    delivered = sum(${lineNumber("delivered")}), duplicate = sum(${lineNumber("duplicate")}), retried = sum(${lineNumber("retried")}),
    held = sum(${lineNumber("held")}), dead = sum(${lineNumber("dead")})
  by bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** How old events are when Platform takes them, from their receipt on. */
const ageQuery = `${relayLines}
| where ${lineNumber("delivered")} > 0
| summarize median = percentile(${lineNumber("ageSeconds")}, 50), p95 = percentile(${lineNumber("ageSeconds")}, 95),
    oldest = max(${lineNumber("ageSeconds")})
  by bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** What the stack's own choices keep from Platform. */
const choicesQuery = `${relayLines}
| where isnotempty(${lineField("rule")}) or isnotnull(${lineField("redacted")})
| extend choice = iff(isnotempty(${lineField("rule")}), bag_pack(tostring(${lineField("rule")}), ${lineNumber("filtered")}), ${lineField("redacted")})
| mv-expand kind = bag_keys(choice) to typeof(string)
| summarize events = sum(toint(choice[kind])) by choice = kind, bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** The relay's logs, the alerts on them, and a workbook of its counts. */
export class RelayMonitoring extends pulumi.ComponentResource {
  readonly componentId: pulumi.Output<string>;
  readonly connectionString: pulumi.Output<string>;
  readonly workspaceId: pulumi.Output<string>;
  /** Who gets the alerts. */
  readonly actionGroupIds: pulumi.Output<string[]>;
  readonly parts: Record<string, AzurePart>;

  constructor(name: string, args: RelayMonitoringArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:RelayMonitoring", name, {}, options);
    const parent = { parent: this };
    const { id: groupId, name: resourceGroupName, location } = args.resourceGroup;
    const inGroup = { resourceGroupName };
    this.parts = {};
    this.workspaceId = this.#workspace(name, args);
    this.actionGroupIds = this.#actionGroups(name, args);
    const component = new insights.Component(
      azureName("component", `${name}-insights`),
      {
        ...inGroup,
        ...addName("resourceName", args.azureNames.component),
        kind: "web",
        applicationType: "web",
        ingestionMode: "LogAnalytics",
        workspaceResourceId: this.workspaceId,
        disableLocalAuth: true,
      },
      parent,
    );
    this.parts["Application Insights"] = nativePart(component);
    const isShared = args.azureExisting.workspaceId !== undefined;
    const ours = (query: pulumi.Input<string>): pulumi.Input<string> =>
      isShared ? pulumi.all([component.id, query]).apply(([id, known]) => onlyOf(id, known)) : query;
    const { expectsEvents, silenceAlertHours } = args;
    for (const alert of relayAlertNames) {
      const part = <Name extends keyof RelayAlert>(name: Name) =>
        derive(silenceAlertHours, (silenceHours) => relayAlerts({ expectsEvents, silenceHours })[alert][name]);
      const rule = new monitor.ScheduledQueryRule(
        azureName("alert", `${name}-${alert}`),
        {
          ...inGroup,
          kind: "LogAlert",
          description: part("description"),
          severity: 1,
          enabled: part("enabled"),
          scopes: [this.workspaceId],
          evaluationFrequency: part("every"),
          windowSize: part("window"),
          // A workspace that no line has come to yet may not know the table.
          skipQueryValidation: true,
          criteria: {
            allOf: [{ query: ours(part("query")), timeAggregation: "Count", operator: "GreaterThan", threshold: 0 }],
          },
          actions: { actionGroups: this.actionGroupIds },
        },
        parent,
      );
      this.parts[`alert "${alert}"`] = nativePart(rule);
    }
    const book = new ArmResource(
      `${name}-workbook`,
      {
        parentId: groupId,
        path: resourceGroupName.apply((group) => `providers/Microsoft.Insights/workbooks/${guidOf(group, name)}`),
        apiVersion: "2023-06-01",
        body: {
          location,
          kind: "shared",
          properties: {
            category: "workbook",
            displayName: pulumi.interpolate`Customer.io relay (${resourceGroupName})`,
            sourceId: this.workspaceId,
            serializedData: workbookOf(ours),
          },
        },
      },
      { ...parent, aliases: [{ type: "azure-native:applicationinsights:Workbook" }] },
    );
    this.parts.workbook = armPart(book);

    this.componentId = component.id;
    this.connectionString = component.connectionString;
    // The command `status` takes as much silence as unusual as the alert does.
    this.registerOutputs({ componentId: this.componentId, silenceAlertHours });
    this.registerOutputs({ componentId: this.componentId });
  }

  /** Where the logs go. What exists already is used as it is, with its own retention and cap. */
  #workspace(name: string, args: RelayMonitoringArgs): pulumi.Output<string> {
    const { workspaceId } = args.azureExisting;
    if (workspaceId !== undefined) return pulumi.output(workspaceId);
    const workspace = new Workspace(
      azureName("workspace", `${name}-logs`),
      {
        resourceGroupName: args.resourceGroup.name,
        ...addName("workspaceName", args.azureNames.workspace),
        sku: { name: "PerGB2018" },
        retentionInDays: args.logRetentionDays,
        // Azure's word for no cap is -1.
        workspaceCapping: { dailyQuotaGb: derive(args.profile.dailyLogQuotaGb, (quota) => (quota > 0 ? quota : -1)) },
        features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true },
      },
      { parent: this },
    );
    this.parts.workspace = nativePart(workspace);
    return workspace.id;
  }

  #actionGroups(name: string, args: RelayMonitoringArgs): pulumi.Output<string[]> {
    const { actionGroupIds } = args.azureExisting;
    if (actionGroupIds !== undefined) return pulumi.output(actionGroupIds);
    const people = new monitor.ActionGroup(
      azureName("actionGroup", `${name}-people`),
      {
        resourceGroupName: args.resourceGroup.name,
        ...addName("actionGroupName", args.azureNames.actionGroup),
        location: "Global",
        groupShortName: "cio-relay",
        enabled: true,
        emailReceivers: derive(args.alertEmails, (emails) =>
          emails.map((emailAddress) => ({ name: emailAddress, emailAddress })),
        ),
      },
      { parent: this },
    );
    this.parts["action group"] = nativePart(people);
    return pulumi.output([people.id]);
  }
}

function workbookOf(ours: (query: string) => pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.jsonStringify({
    version: "Notebook/1.0",
    items: [
      chart("Events by outcome", ours(countsQuery)),
      chart("Seconds from receipt to delivery", ours(ageQuery)),
      chart("Left out by a filter, or without personal data", ours(choicesQuery)),
    ],
  });
}

function chart(title: string, query: pulumi.Input<string>) {
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
