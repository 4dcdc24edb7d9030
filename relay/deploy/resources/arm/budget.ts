import { isDeepStrictEqual } from "node:util";
import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { budgetApiVersion as apiVersion } from "../../api-versions.ts";
import type { AzureClient } from "../../client/client.ts";
import { importRefusal } from "../refusal.ts";
import { matchSpelling } from "./arm-resource.ts";
import { putResource } from "./put.ts";
import { resourceGroupId } from "./web-resource.ts";

const inputs = z.object({
  resourceGroupId,
  budgetName: z
    .string()
    .regex(/^[a-z0-9_-]{1,63}$/i, "it must have 1 to 63 letters, digits, hyphens and underscores")
    .meta({ description: "Name of the budget, unique in the resource group.", replaces: true }),
  amount: z
    .number()
    .positive()
    .meta({ description: "What everything in the group may cost in a month, in the subscription's currency." }),
  actionGroupIds: z
    .array(z.string().startsWith("/subscriptions/", "it must be an Azure Resource Manager id: /subscriptions/…"))
    .min(1)
    .meta({ description: "Ids of the action groups that are notified (`ActionGroup.id`)." }),
});

type Inputs = z.output<typeof inputs>;

const outputs = z.object({
  startDate: z
    .string()
    .meta({ description: "First day of the month in which the budget was made, as an ISO 8601 time." }),
});

type Outputs = z.output<typeof outputs>;

const answer = z.object({
  properties: z.looseObject({
    amount: z.number(),
    timePeriod: z.object({ startDate: z.string() }),
    notifications: z.record(z.string(), z.unknown()).optional(),
  }),
});

/**
 * Replaces azure-native's budget, which needs the start date as an input: Azure accepts no date before the present month for a new budget,
 * and no change for an existing one ("Start date of budgets cannot be updated"). So this resource sets the date on creation.
 */
export const budget = defineResource<AzureClient>()({
  type: "customerio-aep:index:Budget",
  description:
    "A monthly budget of a resource group in Azure, from the month in which it is created. Action groups are notified once 80 % and 100 % of the " +
    "amount are spent, and once Azure's forecast for the month exceeds it. A budget stops nothing. As with `ArmResource`, an existing one with that name " +
    "is adopted. It can't be imported.",
  inputs,
  outputs,

  async create(operation, values) {
    const id = `${values.resourceGroupId}/providers/Microsoft.Consumption/budgets/${values.budgetName}`;
    return { id, outputs: await write(operation, id, values) };
  },

  async read({ client, signal }, id, known) {
    if (!known) throw importRefusal("customerio-aep:index:Budget");
    const found = answer.safeParse(await client.armGet(id, apiVersion, signal)).data?.properties;
    if (!found) return undefined;
    const sent = notificationsTo(known.actionGroupIds);
    // If somebody has changed a notification, the next update restores the stack's own.
    const isOurs = isDeepStrictEqual(matchSpelling(found.notifications ?? {}, sent), sent);
    const actionGroupIds = isOurs ? known.actionGroupIds : [];
    return { inputs: { ...known, amount: found.amount, actionGroupIds }, outputs: { startDate: startOf(found) } };
  },

  update: (operation, id, { news }) => write(operation, id, news),

  delete: ({ client, signal }, id) => client.armDelete(id, apiVersion, signal),
});

async function write(operation: Operation<AzureClient>, id: string, values: Inputs): Promise<Outputs> {
  const { client, signal } = operation;
  const present = answer.safeParse(await client.armGet(id, apiVersion, signal)).data?.properties;
  const startDate = present ? startOf(present) : firstOfMonth(new Date(client.clock.now()));
  const properties = {
    category: "Cost",
    amount: values.amount,
    timeGrain: "Monthly",
    timePeriod: { startDate },
    notifications: notificationsTo(values.actionGroupIds),
  };
  await putResource(operation, id, { apiVersion, body: { properties } });
  return { startDate };
}

/** Azure omits the milliseconds. */
function startOf({ timePeriod }: { readonly timePeriod: { readonly startDate: string } }): string {
  return new Date(timePeriod.startDate).toISOString();
}

/** In UTC, as Azure counts months. */
function firstOfMonth(day: Date): string {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth())).toISOString();
}

/** Thresholds are percentages of the amount. Azure accepts up to five notifications per budget. */
function notificationsTo(contactGroups: readonly string[]) {
  const whole = { enabled: true, operator: "GreaterThan", threshold: 100, contactEmails: [], contactGroups };
  return {
    actual80: { ...whole, threshold: 80, thresholdType: "Actual" },
    actual100: { ...whole, thresholdType: "Actual" },
    forecast100: { ...whole, thresholdType: "Forecasted" },
  };
}
