import * as pulumi from "@pulumi/pulumi";
import { runbookOf } from "../../../relay/core/runbook.ts";

/** An alert's properties beside its description: its stack, and the page with the steps to take. */
export function alertProperties(alert: string) {
  return { stack: `${pulumi.getProject()}/${pulumi.getStack()}`, runbook: runbookOf(`alert-${alert}`) };
}

/** The actions of a metric alert: it notifies the action groups, with the same properties. */
export function metricAlertActions(actionGroupIds: pulumi.Input<string[]>, alert: string) {
  return pulumi
    .output(actionGroupIds)
    .apply((ids) => ids.map((actionGroupId) => ({ actionGroupId, webHookProperties: alertProperties(alert) })));
}
