import { z } from "zod";

const patterns = z.array(z.string());

/** A login's permissions on a scope (Azure's REST reference: Permissions). */
export const grantedActions = z.object({
  value: z.array(
    z.object({
      actions: patterns,
      notActions: patterns,
      dataActions: patterns.nullish(),
      notDataActions: patterns.nullish(),
    }),
  ),
});

type Granted = z.output<typeof grantedActions>["value"];

/** A role's `notActions` do not remove what another role grants ("Understand Azure role definitions"). */
export function permitsAction(given: Granted, action: string): boolean {
  return given.some(({ actions, notActions }) => covers(actions, action) && !covers(notActions, action));
}

/** The same for an action on data, which roles grant separately; true, too, if the answer does not have these. */
export function permitsDataAction(given: Granted, action: string): boolean {
  return given.some(
    ({ dataActions, notDataActions }) =>
      !dataActions || (covers(dataActions, action) && !covers(notDataActions ?? [], action)),
  );
}

function covers(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => {
    const source = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    return new RegExp(`^${source}$`, "i").test(action);
  });
}

/** A built-in role that has the right: the narrowest one, for the rights that a preview asks about. */
export function roleFor(action: string): string {
  if (/\/roleAssignments\//i.test(action)) return "Role Based Access Control Administrator";
  if (/^Microsoft\.Authorization\/locks\//i.test(action)) return "Locks Contributor";
  if (/\/read$/i.test(action)) return "Reader";
  if (/\/userAssignedIdentities\/assign\//i.test(action)) return "Managed Identity Operator";
  if (/^Microsoft\.Network\/privateDnsZones\//i.test(action)) return "Private DNS Zone Contributor";
  if (/^Microsoft\.Network\//i.test(action)) return "Network Contributor";
  if (/^Microsoft\.KeyVault\//i.test(action)) return "Key Vault Contributor";
  if (/\/workspaces\/sharedKeys\//i.test(action)) return "Monitoring Contributor";
  return "Contributor";
}
