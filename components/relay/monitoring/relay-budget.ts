import type * as pulumi from "@pulumi/pulumi";
import { budgetApiVersion } from "../../../relay/deploy/api-versions.ts";
import { Budget } from "../../../relay/deploy/sdk.ts";
import type { Settings } from "../../settings/setting-types.ts";
import { azureName, digestDigits } from "../azure/azure-names.ts";
import type { AzurePart } from "../azure/azure-parts.ts";
import type { RelayGroup } from "../relay-group.ts";
import type { RelayAccount } from "../storage/relay-account.ts";
import type { RelayMonitoring } from "./relay-monitoring.ts";

export interface RelayBudgetArgs extends Pick<Settings, "monthlyBudget"> {
  group: Pick<RelayGroup, "id">;
  account: Pick<RelayAccount, "id">;
  monitoring: Pick<RelayMonitoring, "actionGroupIds">;
}

/** Declares the budget of the relay's resource group, if the settings have one. */
export function declareBudget(
  name: string,
  { monthlyBudget, group, account, monitoring }: RelayBudgetArgs,
  options: pulumi.CustomResourceOptions,
): Readonly<Record<string, AzurePart>> {
  if (monthlyBudget === 0) return {};
  const budget = new Budget(
    `${name}-budget`,
    {
      resourceGroupId: group.id,
      // Two stacks may share a group, so the name is derived from what only one of them has.
      budgetName: account.id.apply((id) => `${azureName("budget", name)}${digestDigits(id)}`),
      amount: monthlyBudget,
      actionGroupIds: monitoring.actionGroupIds,
    },
    options,
  );
  return { budget: { id: budget.id, apiVersion: budgetApiVersion } };
}
