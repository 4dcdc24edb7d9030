import * as pulumi from "@pulumi/pulumi";

/** The page that has a section for each alert, in the package. */
const operatingPage = "customerio-aep/docs/operating.md";

/** An alert's properties beside its description: its stack, and the page with the steps to take. */
export function alertProperties(alert: string) {
  return { stack: `${pulumi.getProject()}/${pulumi.getStack()}`, runbook: `${operatingPage}#alert-${alert}` };
}

/** The actions of a metric alert: it notifies the action groups, with the same properties. */
export function metricAlertActions(actionGroupIds: pulumi.Input<string[]>, alert: string) {
  return pulumi
    .output(actionGroupIds)
    .apply((ids) => ids.map((actionGroupId) => ({ actionGroupId, webHookProperties: alertProperties(alert) })));
}
