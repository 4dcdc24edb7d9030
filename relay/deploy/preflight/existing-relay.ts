import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { logAlertApiVersion } from "../api-versions.ts";
import { saysGone } from "../client/arm-complaint.ts";
import { type AzureQuery, type PlannedRelay, scopeOf } from "./azure-question.ts";

const rules = z.object({
  value: z.array(
    z.object({
      properties: z.object({
        actions: z.object({ customProperties: z.record(z.string(), z.string()).nullish() }).nullish(),
      }),
    }),
  ),
});

/**
 * Whether the stack already has a relay. A program can't read its own state, and of the relay's parts only the alerts name
 * the stack, so this looks for such an alert. Without its resource group, or in a subscription that is not registered for
 * alerts, no alert exists.
 */
export async function hasRelay(azure: AzureQuery, planned: PlannedRelay): Promise<boolean> {
  const question = {
    path: `${scopeOf(planned)}/providers/Microsoft.Insights/scheduledQueryRules`,
    apiVersion: logAlertApiVersion,
    purpose: "check whether the stack has a relay already",
  };
  try {
    const { value } = await azure(question, rules);
    return value.some(({ properties }) => properties.actions?.customProperties?.stack === planned.stack);
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    if (saysGone(error) || error.code === "MissingSubscriptionRegistration") return false;
    throw error;
  }
}
