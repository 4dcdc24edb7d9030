import { z } from "zod";
import { type Asker, type PlannedRelay, scopeOf } from "./azure-question.ts";

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
 * Whether the stack has a relay already, by its alerts, which name it. The names of its other resources don't hold the stack's name,
 * and a program can't see its state.
 */
export async function hasRelay(azure: Asker, planned: PlannedRelay): Promise<boolean> {
  const { value } = await azure(
    {
      path: `${scopeOf(planned)}/providers/Microsoft.Insights/scheduledQueryRules`,
      apiVersion: "2023-12-01",
      purpose: "look whether the stack has a relay already",
    },
    rules,
  );
  return value.some(({ properties }) => properties.actions?.customProperties?.stack === planned.stack);
}
