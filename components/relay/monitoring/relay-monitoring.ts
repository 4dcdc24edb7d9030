import { Component } from "@pulumi/azure-native/applicationinsights/component.js";
import { Workspace } from "@pulumi/azure-native/operationalinsights/workspace.js";
import * as pulumi from "@pulumi/pulumi";
import { workbookApiVersion } from "../../../relay/deploy/api-versions.ts";
import { guidOf } from "../../../relay/deploy/resources/arm/guid.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import { derive } from "../../settings/inputs.ts";
import type { Settings } from "../../settings/setting-types.ts";
import { addName, azureName } from "../azure/azure-names.ts";
import { type AzurePart, armPart, nativePart } from "../azure/azure-parts.ts";
import type { AzureProfile } from "../azure/azure-profile.ts";
import type { RelayGroup } from "../relay-group.ts";
import { type AlertReceivers, declareActionGroup } from "./action-group.ts";
import { declareLogAlert } from "./log-alert.ts";
import { retainLogs } from "./log-tables.ts";
import { relayAlertNames } from "./relay-alerts.ts";
import { workbookOf } from "./workbook.ts";

export interface RelayMonitoringArgs
  extends AlertReceivers,
    Pick<Settings, "logRetentionDays" | "silenceAlertHours" | "azureNames" | "azureExisting"> {
  profile: Pick<AzureProfile, "dailyLogQuotaGb">;
  resourceGroup: Pick<RelayGroup, "id" | "name" | "location">;
  /** Whether Customer.io's webhook is enabled. */
  expectsEvents: boolean;
}

/** The relay's logs, the alerts on them, and a workbook of its counts. */
export class RelayMonitoring extends pulumi.ComponentResource {
  readonly componentId: pulumi.Output<string>;
  readonly connectionString: pulumi.Output<string>;
  readonly workspaceId: pulumi.Output<string>;
  /** The action groups that get the alerts. */
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
    const component = new Component(
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
    for (const alert of relayAlertNames) {
      const rule = declareLogAlert(
        name,
        alert,
        {
          ...inGroup,
          workspaceId: this.workspaceId,
          componentId: component.id,
          actionGroupIds: this.actionGroupIds,
          expectsEvents: args.expectsEvents,
          silenceHours: args.silenceAlertHours,
        },
        parent,
      );
      this.parts[`alert "${alert}"`] = nativePart(rule);
    }
    // Relays of the same name may share an existing group.
    const bookName =
      args.azureExisting.resourceGroupId === undefined
        ? resourceGroupName.apply((group) => guidOf(group, name))
        : component.id.apply((id) => guidOf(id.toLowerCase()));
    const book = new ArmResource(
      `${name}-workbook`,
      {
        parentId: groupId,
        path: pulumi.interpolate`providers/Microsoft.Insights/workbooks/${bookName}`,
        apiVersion: workbookApiVersion,
        body: {
          location,
          kind: "shared",
          properties: {
            category: "workbook",
            displayName: pulumi.interpolate`Customer.io relay (${resourceGroupName})`,
            sourceId: this.workspaceId,
            serializedData: component.id.apply((id) => JSON.stringify(workbookOf(id))),
          },
        },
      },
      { ...parent, aliases: [{ type: "azure-native:applicationinsights:Workbook" }] },
    );
    this.parts.workbook = armPart(book);

    this.componentId = component.id;
    this.connectionString = component.connectionString;
    // The command `status` uses the same limit for silence as the alert.
    this.registerOutputs({ componentId: this.componentId, silenceAlertHours: args.silenceAlertHours });
  }

  /** The destination of the logs. An existing one is used unchanged, with its own retention and cap. */
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
        // -1 means no cap.
        workspaceCapping: { dailyQuotaGb: derive(args.profile.dailyLogQuotaGb, (quota) => (quota > 0 ? quota : -1)) },
        features: {
          disableLocalAuth: true,
          enableLogAccessUsingOnlyResourcePermissions: true,
          // Otherwise 30 days are 31 (Azure Monitor, "Manage data retention in a Log Analytics workspace").
          immediatePurgeDataOn30Days: derive(args.logRetentionDays, (days) => days === 30),
        },
      },
      { parent: this },
    );
    this.parts.workspace = nativePart(workspace);
    retainLogs(name, { workspaceId: workspace.id, days: args.logRetentionDays }, { parent: this });
    return workspace.id;
  }

  #actionGroups(name: string, args: RelayMonitoringArgs): pulumi.Output<string[]> {
    const { actionGroupIds } = args.azureExisting;
    if (actionGroupIds !== undefined) return pulumi.output(actionGroupIds);
    const people = declareActionGroup(
      `${name}-people`,
      {
        ...args,
        ...addName("actionGroupName", args.azureNames.actionGroup),
        resourceGroupName: args.resourceGroup.name,
      },
      { parent: this },
    );
    this.parts["action group"] = nativePart(people);
    return pulumi.output([people.id]);
  }
}
