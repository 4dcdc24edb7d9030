import { z } from "zod";
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
 * Whether the stack already has a relay. Only the names of its alerts contain the stack's name, and a program can't read its own state.
 */
export async function hasRelay(azure: AzureQuery, planned: PlannedRelay): Promise<boolean> {
  const { value } = await azure(
    {
      path: `${scopeOf(planned)}/providers/Microsoft.Insights/scheduledQueryRules`,
      apiVersion: "2023-12-01",
      purpose: "check whether the stack has a relay already",
    },
    rules,
  );
  return value.some(({ properties }) => properties.actions?.customProperties?.stack === planned.stack);
}
