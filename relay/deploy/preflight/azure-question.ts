import { z } from "zod";
import type { AzureClient } from "../client/client.ts";

/** What a stack is about to create in Azure. Unknown values are absent and not checked. */
export const plannedRelaySchema = z.object({
  subscriptionId: z.string().meta({ description: "Subscription in which everything is created." }),
  stack: z.string().meta({ description: "`<project>/<stack>`, to find an existing relay." }),
  project: z.string().optional().meta({
    description:
      "Project whose stack has the settings, for commands in messages; absent: messages name the arguments of the program.",
  }),
  resourceGroupId: z.string().optional().meta({
    description: "Id of an existing resource group in which everything is created; absent if the stack creates one.",
  }),
  location: z.string().optional().meta({ description: "Region; default: that of the resource group." }),
  objectId: z.string().optional().meta({ description: "Object id of the login, for commands in messages." }),
  nodeVersion: z.string().optional().meta({ description: "Version of Node.js that the region must offer." }),
  zoneRedundant: z.boolean().optional().meta({ description: "Whether the plan needs availability zones." }),
  storageRedundancy: z.string().optional().meta({ description: "Redundancy of the storage account: `LRS`, `ZRS`, …" }),
  storageAccounts: z.number().default(1).meta({ description: "How many storage accounts are created." }),
  storageAccountName: z
    .string()
    .optional()
    .meta({ description: "A name that you choose for the storage account of the events." }),
  hostStorageAccountName: z
    .string()
    .optional()
    .meta({ description: "A name that you choose for the storage account of the Functions host." }),
  vaultName: z.string().optional().meta({ description: "A key vault name that you choose." }),
  actions: z.array(z.string()).default([]).meta({ description: "Rights that the login needs, as Azure names them." }),
  namespaces: z.array(z.string()).default([]).meta({
    description: "Resource providers that are needed besides the usual ones, such as `Microsoft.Network`.",
  }),
  existing: z
    .array(
      z.object({
        setting: z.string().meta({ description: "Setting that names it, such as `azureExisting.vaultId`." }),
        id: z.string().meta({ description: "Its Azure Resource Manager id." }),
        apiVersion: z.string().meta({ description: "Version of Azure's API with which it is read." }),
        actions: z.array(z.string()).meta({ description: "Rights that the login needs on it, as Azure names them." }),
      }),
    )
    .default([])
    .meta({ description: "Resources that exist already, and are used." }),
  resources: z
    .array(
      z.object({
        type: z.string().meta({ description: "Type of the resource: `Microsoft.Storage/storageAccounts`." }),
        apiVersion: z.string().meta({ description: "Version of Azure's API with which it is created." }),
        content: z.record(z.string(), z.unknown()).meta({ description: "What will be sent to Azure for it." }),
      }),
    )
    .default([])
    .meta({ description: "Resources to ask Azure Policy about." }),
});
export type PlannedRelay = z.output<typeof plannedRelaySchema>;

/** One check. Returns problems with their remedies; throws if Azure does not answer. */
export type AzureCheck = (azure: AzureQuery, planned: PlannedRelay) => Promise<string[]>;

/** Sends a read-only request to Azure Resource Manager. */
export type AzureQuery = <Answer extends z.ZodType>(
  question: Parameters<AzureClient["query"]>[0],
  answer: Answer,
) => Promise<z.output<Answer>>;

/** The scope in which everything is created: the group if it exists, otherwise the subscription. */
export function scopeOf({ resourceGroupId, subscriptionId }: PlannedRelay): string {
  return resourceGroupId ?? `/subscriptions/${subscriptionId}`;
}
