import { z } from "zod";

/** A login's permissions on a scope (Azure's REST reference: Permissions). */
export const grantedActions = z.object({
  value: z.array(z.object({ actions: z.array(z.string()), notActions: z.array(z.string()) })),
});

/** A role's `notActions` do not remove what another role grants ("Understand Azure role definitions"). */
export function permitsAction(given: z.output<typeof grantedActions>["value"], action: string): boolean {
  return given.some(({ actions, notActions }) => covers(actions, action) && !covers(notActions, action));
}

function covers(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => {
    const source = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    return new RegExp(`^${source}$`, "i").test(action);
  });
}
