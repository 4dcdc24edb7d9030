import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt } from "../arm/subscription.ts";

/** Microsoft's own tables of Application Insights (Azure Monitor, "Azure Monitor Logs reference"), which every workspace has. */
const microsoftTables = [
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
];

/** What Azure refuses about a table of a Log Analytics workspace. */
export function refuseLogTable({ name, inputs }: ResourceRequest): void {
  // Custom tables end in _CL. azure-cli#31712 shows that Microsoft's can't be created, with the code.
  if (!microsoftTables.includes(name) && !name.endsWith("_CL")) {
    throw new ArmError(404, "ResourceNotFound", `The specified table: '${name}' was not found.`);
  }
  for (const [field, most] of [
    ["retentionInDays", 730],
    ["totalRetentionInDays", 4383],
  ] as const) {
    const days = plainValueAt(inputs, field);
    if (days === undefined || days === -1) continue;
    if (typeof days !== "number" || days < 4 || days > most) {
      throw new ArmError(400, "InvalidParameter", `${field} must be -1 or between 4 and ${most}.`);
    }
  }
}

/** Microsoft's tables are deleted only with their workspace. */
export function refuseLogTableDeletion(name: string): void {
  if (microsoftTables.includes(name)) {
    throw new ArmError(400, "InvalidParameter", `The table '${name}' is a Microsoft table and can't be deleted.`);
  }
}
