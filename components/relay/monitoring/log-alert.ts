import { ScheduledQueryRule } from "@pulumi/azure-native/monitor/scheduledQueryRule.js";
import * as pulumi from "@pulumi/pulumi";
import { derive } from "../../settings/inputs.ts";
import { azureName } from "../azure/azure-names.ts";
import { alertProperties } from "./alert-properties.ts";
import { type RelayAlert, type RelayAlertName, relayAlerts } from "./relay-alerts.ts";
import { recordsOf, relayLines } from "./relay-log.ts";

export interface LogAlertArgs {
  resourceGroupName: pulumi.Input<string>;
  workspaceId: pulumi.Input<string>;
  /** The Application Insights component whose records count. */
  componentId: pulumi.Input<string>;
  actionGroupIds: pulumi.Input<string[]>;
  expectsEvents: boolean;
  silenceHours: pulumi.Input<number>;
}

/** The whole query of an alert. */
export function queryOf({ table, steps }: RelayAlert, componentId: string): string {
  // The workspace's own operations belong to no component.
  if (table === "_LogOperation") return `union isfuzzy=true ${table}\n| ${steps}`;
  return `${table === "AppTraces" ? relayLines(componentId) : recordsOf(table, componentId)}\n| ${steps}`;
}

/** Declares one alert on the relay's logs. */
export function declareLogAlert(
  name: string,
  alert: RelayAlertName,
  args: LogAlertArgs,
  options: pulumi.CustomResourceOptions,
): ScheduledQueryRule {
  const { expectsEvents } = args;
  const of = (silenceHours: number) => relayAlerts({ expectsEvents, silenceHours })[alert];
  const part = <Name extends keyof RelayAlert>(part: Name) =>
    derive(args.silenceHours, (silenceHours) => of(silenceHours)[part]);
  // Neither depends on a setting.
  const { severity, resolves } = of(0);
  return new ScheduledQueryRule(
    azureName("alert", `${name}-${alert}`),
    {
      resourceGroupName: args.resourceGroupName,
      kind: "LogAlert",
      displayName: pulumi.interpolate`Customer.io relay ${args.resourceGroupName}: ${alert}`,
      description: part("description"),
      severity,
      enabled: part("enabled"),
      scopes: [args.workspaceId],
      evaluationFrequency: part("every"),
      windowSize: part("window"),
      autoMitigate: resolves,
      ...(resolves ? {} : { muteActionsDuration: "PT1H" }),
      // A workspace without records may not have the table yet.
      skipQueryValidation: true,
      criteria: {
        allOf: [
          {
            query: pulumi
              .all([args.componentId, args.silenceHours])
              .apply(([id, silenceHours]) => queryOf(of(silenceHours), id)),
            timeAggregation: "Count",
            operator: "GreaterThan",
            threshold: 0,
          },
        ],
      },
      actions: { actionGroups: args.actionGroupIds, customProperties: alertProperties(alert) },
    },
    options,
  );
}
