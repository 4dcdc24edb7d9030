import type * as pulumi from "@pulumi/pulumi";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import { derive } from "../../settings/inputs.ts";

/**
 * Tables of Application Insights in a Log Analytics workspace. Whatever the workspace's own retention is, they keep 90 days unless each
 * has a retention of its own (Azure Monitor, "Manage data retention in a Log Analytics workspace").
 */
const appTables = [
  "AppAvailabilityResults",
  "AppBrowserTimings",
  "AppDependencies",
  "AppEvents",
  "AppExceptions",
  "AppMetrics",
  "AppPageViews",
  "AppPerformanceCounters",
  "AppRequests",
  "AppSystemEvents",
  "AppTraces",
] as const;

/** Makes every table of Application Insights in a workspace of the relay's own keep its records for so many days, and no longer. */
export function retainLogs(
  name: string,
  { workspaceId, days }: { workspaceId: pulumi.Input<string>; days: pulumi.Input<number> },
  options: pulumi.CustomResourceOptions,
): void {
  const properties = derive(days, (retentionInDays) => ({
    retentionInDays,
    // Otherwise what a shorter retention cuts off stays in long-term retention.
    totalRetentionInDays: retentionInDays,
  }));
  for (const table of appTables) {
    new ArmResource(
      `${name}-${table}`,
      { parentId: workspaceId, path: `tables/${table}`, apiVersion: "2023-09-01", body: { properties } },
      // Azure makes them with the workspace, and deletes them with it alone.
      { ...options, retainOnDelete: true },
    );
  }
}
