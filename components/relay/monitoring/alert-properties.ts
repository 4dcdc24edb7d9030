import * as pulumi from "@pulumi/pulumi";

/** The page that has a section for each alert, in the package. */
const operatingPage = "customerio-aep/docs/operating.md";

/** What an alert says beside its description: the stack that it is about, and where the steps to take are. */
export function alertProperties(alert: string) {
  return { stack: `${pulumi.getProject()}/${pulumi.getStack()}`, runbook: `${operatingPage}#alert-${alert}` };
}

/** What a metric alert does: it tells the action groups, with the same properties. */
export function metricAlertActions(actionGroupIds: pulumi.Input<string[]>, alert: string) {
  return pulumi
    .output(actionGroupIds)
    .apply((ids) => ids.map((actionGroupId) => ({ actionGroupId, webHookProperties: alertProperties(alert) })));
}
