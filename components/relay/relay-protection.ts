import * as pulumi from "@pulumi/pulumi";
import { diagnosticApiVersion, lockApiVersion } from "../../relay/deploy/api-versions.ts";
import { ownLockPath } from "../../relay/deploy/resources/arm/own-lock.ts";
import { ArmResource } from "../../relay/deploy/sdk.ts";
import { type AzurePart, armPart } from "./azure/azure-parts.ts";
import type { AzureProfile } from "./azure/azure-profile.ts";

export interface RelayProtectionArgs {
  /** The account that holds the events. */
  storageAccountId: pulumi.Input<string>;
  /** The account of the Functions host and of the code, unless that is the same. */
  hostAccountId: pulumi.Input<string> | undefined;
  /** Undefined for an existing vault, which is not changed. */
  vaultId: pulumi.Input<string> | undefined;
  siteId: pulumi.Input<string>;
  /** The Log Analytics workspace that gets the audit logs. */
  workspaceId: pulumi.Input<string>;
  /** Other resources on storage account and vault: Azure deletes none of them while a lock exists. */
  onLocked: readonly pulumi.Resource[];
  profile: Pick<AzureProfile, "deleteLocks" | "diagnosticSettings">;
}

/** Locks that protect the relay's resources from accidental deletion, and audit logs of their use. */
export function protectRelay(
  name: string,
  { storageAccountId, hostAccountId, vaultId, siteId, workspaceId, onLocked, profile }: RelayProtectionArgs,
  options: pulumi.CustomResourceOptions,
): Record<string, AzurePart> {
  const parts: Record<string, AzurePart> = {};
  const made: pulumi.Resource[] = [...onLocked];
  const declare = (part: string, logicalName: string, args: ConstructorParameters<typeof ArmResource>[1]) => {
    // One after the other, since Azure refuses parallel writes below one account. Locks are created last, and deleted first.
    const resource = new ArmResource(`${name}-${logicalName}`, args, { ...options, dependsOn: [...made] });
    parts[part] = armPart(resource);
    made.push(resource);
  };
  if (profile.diagnosticSettings) {
    const diagnose = (part: string, logicalName: string, parentId: pulumi.Input<string>, properties: object) =>
      declare(`diagnostic setting of the ${part}`, logicalName, {
        parentId,
        path: "providers/Microsoft.Insights/diagnosticSettings/customerio-aep",
        apiVersion: diagnosticApiVersion,
        body: { properties: { workspaceId, ...properties } },
      });
    if (vaultId !== undefined) {
      diagnose("vault", "vault-audit", vaultId, { logs: [{ categoryGroup: "audit", enabled: true }] });
    }
    // For blobs only: each event is several calls to the queue, and their log would cost more than all others together.
    const diagnoseBlobs = (part: string, logicalName: string, accountId: pulumi.Input<string>) =>
      diagnose(part, logicalName, pulumi.interpolate`${accountId}/blobServices/default`, {
        logs: ["StorageRead", "StorageWrite", "StorageDelete"].map((category) => ({ category, enabled: true })),
      });
    diagnoseBlobs("storage account", "blob-audit", storageAccountId);
    // Anyone who overwrites the code there can make the app run it.
    if (hostAccountId) diagnoseBlobs("storage account of the Functions host", "host-blob-audit", hostAccountId);
    // Only its metrics: the category FunctionAppLogs repeats what Application Insights has.
    diagnose("function app", "site-metrics", siteId, { metrics: [{ category: "AllMetrics", enabled: true }] });
  }
  if (profile.deleteLocks) {
    const lock = (part: string, logicalName: string, parentId: pulumi.Input<string>) =>
      declare(`lock of the ${part}`, logicalName, {
        parentId,
        path: ownLockPath,
        apiVersion: lockApiVersion,
        body: {
          properties: {
            level: "CanNotDelete",
            notes: "Set by the setting azure.deleteLocks of a customerio-aep stack, whose npx pulumi up takes it off.",
          },
        },
      });
    // Not for the host's account, since the next `up` would recreate everything in it.
    lock("storage account", "storage-lock", storageAccountId);
    if (vaultId !== undefined) lock("vault", "vault-lock", vaultId);
  }
  return parts;
}
