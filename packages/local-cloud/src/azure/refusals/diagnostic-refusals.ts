import { isMap } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../arm/subscription.ts";

/** Log categories that programs here use, by the last part of the resource type (Azure Monitor, "Supported log categories"). */
const categories: Readonly<Record<string, readonly string[]>> = {
  vaults: ["AuditEvent", "AzurePolicyEvaluationDetails"],
  blobServices: ["StorageRead", "StorageWrite", "StorageDelete"],
  queueServices: ["StorageRead", "StorageWrite", "StorageDelete"],
  sites: ["FunctionAppLogs", "AppServiceAuthenticationLogs"],
};

/** What Azure refuses about a diagnostic setting. */
export function refuseDiagnosticSetting({ inputs }: ResourceRequest, subscription: Subscription): void {
  const workspaceId = textAt(inputs, "workspaceId");
  if (
    workspaceId !== "" &&
    subscription.get(workspaceId)?.type.token !== "azure-native:operationalinsights:Workspace"
  ) {
    throw new ArmError(404, "ResourceNotFound", `The workspace '${workspaceId}' was not found.`);
  }
  const segments = textAt(inputs, "resourceUri").split("/");
  // A storage account's service is named `default`; other resources have their own names.
  const known = categories[segments.at(-2) ?? ""];
  if (known === undefined) {
    throw new ArmError(400, "ResourceTypeNotSupported", "The resource type does not support diagnostic settings.");
  }
  for (const name of ["logs", "metrics"]) {
    const list = plainValueAt(inputs, name);
    for (const { category } of Array.isArray(list) ? list.filter(isMap) : []) {
      const isKnown = name === "metrics" || category === undefined || known.includes(String(category));
      if (!isKnown) throw new ArmError(400, "BadRequest", `Category '${category}' is not supported.`);
    }
  }
}
