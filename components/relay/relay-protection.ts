import * as pulumi from "@pulumi/pulumi";
import { lockApiVersion, ownLockPath } from "../../relay/deploy/resources/arm/own-lock.ts";
import { ArmResource } from "../../relay/deploy/sdk.ts";
import { type AzurePart, armPart } from "./azure/azure-parts.ts";
import type { AzureProfile } from "./azure/azure-profile.ts";

export interface RelayProtectionArgs {
  /** The account that holds the events. */
  storageAccountId: pulumi.Input<string>;
  /** The account of the Functions host and of the code, unless that is the same. */
  hostAccountId: pulumi.Input<string> | undefined;
  /** Undefined of a vault that exists already, which stays as it is. */
  vaultId: pulumi.Input<string> | undefined;
  siteId: pulumi.Input<string>;
  /** The Log Analytics workspace that gets the audit logs. */
  workspaceId: pulumi.Input<string>;
  /** What else the program puts on storage account and vault: Azure deletes none of it while a lock is there. */
  onLocked: readonly pulumi.Resource[];
  profile: Pick<AzureProfile, "deleteLocks" | "diagnosticSettings">;
}

/** What keeps the relay's resources from being deleted by mistake, and shows who used them. */
export function protectRelay(
  name: string,
  { storageAccountId, hostAccountId, vaultId, siteId, workspaceId, onLocked, profile }: RelayProtectionArgs,
  options: pulumi.CustomResourceOptions,
): Record<string, AzurePart> {
  const parts: Record<string, AzurePart> = {};
  const made: pulumi.Resource[] = [...onLocked];
  const declare = (part: string, logicalName: string, args: ConstructorParameters<typeof ArmResource>[1]) => {
    // One after the other, since Azure refuses parallel writes below one account. Locks come last, and go first.
    const resource = new ArmResource(`${name}-${logicalName}`, args, { ...options, dependsOn: [...made] });
    parts[part] = armPart(resource);
    made.push(resource);
  };
  if (profile.diagnosticSettings) {
    const diagnose = (part: string, logicalName: string, parentId: pulumi.Input<string>, properties: object) =>
      declare(`diagnostic setting of the ${part}`, logicalName, {
        parentId,
        path: "providers/Microsoft.Insights/diagnosticSettings/customerio-aep",
        apiVersion: "2021-05-01-preview",
        body: { properties: { workspaceId, ...properties } },
      });
    if (vaultId !== undefined)
      diagnose("vault", "vault-audit", vaultId, { logs: [{ categoryGroup: "audit", enabled: true }] });
    // Of blobs alone: each event is several calls on the queue, and their log would cost more than all others together.
    const diagnoseBlobs = (part: string, logicalName: string, accountId: pulumi.Input<string>) =>
      diagnose(part, logicalName, pulumi.interpolate`${accountId}/blobServices/default`, {
        logs: ["StorageRead", "StorageWrite", "StorageDelete"].map((category) => ({ category, enabled: true })),
      });
    diagnoseBlobs("storage account", "blob-audit", storageAccountId);
    // Who overwrites the code there has the app run it.
    if (hostAccountId) diagnoseBlobs("storage account of the Functions host", "host-blob-audit", hostAccountId);
    // Its metrics alone: the category FunctionAppLogs repeats what Application Insights has.
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
    // Not of the host's account: it holds nothing that the next `up` would not make again.
    lock("storage account", "storage-lock", storageAccountId);
    if (vaultId !== undefined) lock("vault", "vault-lock", vaultId);
  }
  return parts;
}
