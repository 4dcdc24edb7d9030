import { guidOf } from "./guid.ts";

/**
 * The path of a role assignment below the id of the resource to which the role applies.
 *
 * Azure accepts only one assignment of a role to a principal on a scope, and refuses a second one under another name
 * (RoleAssignmentExists). So the name is derived from these three: if a run is killed before it records the assignment,
 * the next run finds it under its name and adopts it. Assignments of earlier versions keep their random names.
 */
export function roleAssignmentPath(scope: string, principalId: string, roleId: string): string {
  const name = guidOf(scope.toLowerCase(), principalId.toLowerCase(), roleId);
  return `providers/Microsoft.Authorization/roleAssignments/${name}`;
}

/** The properties of an assignment of a role to a managed identity. */
export function roleAssignmentProperties({
  principalId,
  subscriptionId,
  roleId,
  condition,
}: {
  readonly principalId: string;
  readonly subscriptionId: string;
  readonly roleId: string;
  readonly condition?: string | undefined;
}) {
  return {
    principalId,
    // Without it, Azure does not find a new identity (PrincipalNotFound).
    principalType: "ServicePrincipal",
    roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
    ...(condition !== undefined && { condition, conditionVersion: "2.0" }),
  };
}
