import type { z } from "zod";
import type { AzureClient } from "../client/client.ts";

/** What a stack is about to make in Azure. What is not known yet is absent, and is not checked. */
export interface PlannedRelay {
  readonly subscriptionId: string;
  /** `<project>/<stack>`, as the stack's alerts name it. */
  readonly stack: string;
  /** Id of the existing group in which everything is made; absent where the stack makes one. */
  readonly resourceGroupId?: string | undefined;
  /** Region as Azure writes it or as people do: `westeurope`, `West Europe`. */
  readonly location?: string | undefined;
  /** Object id of the login, for the commands that messages name. */
  readonly objectId?: string | undefined;
  readonly nodeVersion?: string | undefined;
  readonly zoneRedundant?: boolean | undefined;
  readonly storageRedundancy?: string | undefined;
  readonly storageAccountName?: string | undefined;
  readonly vaultName?: string | undefined;
  /** Rights that the login needs, as Azure's roles name them. */
  readonly actions: readonly string[];
  /** Resources as they will be sent to Azure. */
  readonly resources: readonly PlannedResource[];
}

export interface PlannedResource {
  readonly type: string;
  readonly apiVersion: string;
  /** Without `type` and `apiVersion`; the region is added. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** A check of one subject: answers what stands in the way, each with what to do. Throws if Azure does not tell. */
export type AzureCheck = (azure: Asker, planned: PlannedRelay) => Promise<string[]>;

/** Asks Azure Resource Manager something that changes nothing. */
export type Asker = <Answer extends z.ZodType>(
  question: Parameters<AzureClient["query"]>[0],
  answer: Answer,
) => Promise<z.output<Answer>>;

/** Where everything is made: the group if it exists, else the subscription. */
export function scopeOf({ resourceGroupId, subscriptionId }: PlannedRelay): string {
  return resourceGroupId ?? `/subscriptions/${subscriptionId}`;
}

/** A region as Azure compares it: `West Europe` is `westeurope`. */
export function compactRegion(region: string): string {
  return region.toLowerCase().replaceAll(" ", "");
}
