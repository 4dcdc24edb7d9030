import * as pulumi from "@pulumi/pulumi";
import { storageApiVersion, vaultApiVersion } from "../../../relay/deploy/api-versions.ts";
import type { Settings } from "../../settings/setting-types.ts";

interface StackNames extends Pick<Settings, "azureNames" | "azureExisting"> {
  readonly subscriptionId: pulumi.Input<string>;
  /** Whether the host has a storage account of its own. */
  readonly hasHostStorage: boolean;
}

/** Where Azure has a resource with a name that the user chose, and the API version that reads it. */
export interface ChosenName {
  readonly id: pulumi.Input<string>;
  readonly apiVersion: string;
}

/** Those that azure-native creates. The function app is not among them: its resource adopts what exists. */
const inGroup = {
  identity: { type: "Microsoft.ManagedIdentity/userAssignedIdentities", apiVersion: "2023-01-31" },
  storageAccount: { type: "Microsoft.Storage/storageAccounts", apiVersion: storageApiVersion },
  hostStorageAccount: { type: "Microsoft.Storage/storageAccounts", apiVersion: storageApiVersion },
  vault: { type: "Microsoft.KeyVault/vaults", apiVersion: vaultApiVersion },
  workspace: { type: "Microsoft.OperationalInsights/workspaces", apiVersion: "2023-09-01" },
  component: { type: "Microsoft.Insights/components", apiVersion: "2020-02-02" },
  actionGroup: { type: "Microsoft.Insights/actionGroups", apiVersion: "2023-01-01" },
} as const;

type Kind = keyof typeof inGroup;

/**
 * The resources that a stack creates with names that the user chose, by their settings: `azureNames.vault`. Empty without a
 * chosen or existing group, since nothing exists in a new one.
 */
export function findChosenNames({
  subscriptionId,
  azureNames,
  azureExisting,
  hasHostStorage,
}: StackNames): Record<string, ChosenName> {
  const groupName = azureNames.resourceGroup;
  const existingGroup = azureExisting.resourceGroupId;
  if (groupName === undefined && existingGroup === undefined) return {};
  const groupId = existingGroup ?? pulumi.interpolate`/subscriptions/${subscriptionId}/resourceGroups/${groupName}`;
  const group: Record<string, ChosenName> =
    existingGroup === undefined ? { "azureNames.resourceGroup": { id: groupId, apiVersion: "2021-04-01" } } : {};
  const existing: { readonly [name in Kind]?: unknown } = {
    identity: azureExisting.identityId,
    vault: azureExisting.vaultId,
    workspace: azureExisting.workspaceId,
    actionGroup: azureExisting.actionGroupIds,
  };
  const kinds = (Object.keys(inGroup) as Kind[]).filter((kind) => hasHostStorage || kind !== "hostStorageAccount");
  const chosen = kinds.flatMap((kind) => {
    const name = azureNames[kind];
    if (name === undefined || existing[kind] !== undefined) return [];
    const { type, apiVersion } = inGroup[kind];
    return [
      [`azureNames.${kind}`, { id: pulumi.interpolate`${groupId}/providers/${type}/${name}`, apiVersion }] as const,
    ];
  });
  return { ...group, ...Object.fromEntries(chosen) };
}
