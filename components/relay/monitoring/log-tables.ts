import type * as pulumi from "@pulumi/pulumi";
import { workspaceApiVersion } from "../../../relay/deploy/api-versions.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import { derive } from "../../settings/inputs.ts";

/**
 * Tables of Application Insights in a Log Analytics workspace. They keep records for 90 days, regardless of the workspace's retention, unless each
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

/** Sets the retention of every table of Application Insights in the relay's own workspace. */
export function retainLogs(
  name: string,
  { workspaceId, days }: { workspaceId: pulumi.Input<string>; days: pulumi.Input<number> },
  options: pulumi.CustomResourceOptions,
): void {
  const properties = derive(days, (retentionInDays) => ({
    retentionInDays,
    // Otherwise records beyond a shorter retention stay in long-term retention.
    totalRetentionInDays: retentionInDays,
  }));
  for (const table of appTables) {
    new ArmResource(
      `${name}-${table}`,
      { parentId: workspaceId, path: `tables/${table}`, apiVersion: workspaceApiVersion, body: { properties } },
      // Azure creates them with the workspace, and deletes them only with it.
      { ...options, retainOnDelete: true },
    );
  }
}
