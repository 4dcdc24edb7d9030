import * as pulumi from "@pulumi/pulumi";
import { guidOf } from "../../../relay/deploy/resources/arm/guid.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import type { RelayRole } from "./relay-roles.ts";

export interface RoleArgs {
  role: Pick<RelayRole, "roleId" | "condition">;
  /** Id of the resource to which the role applies. */
  scope: pulumi.Input<string>;
  subscriptionId: pulumi.Input<string>;
  /** The identity that gets the role. */
  principalId: pulumi.Input<string>;
}

/**
 * Gives an identity a role on a resource.
 *
 * Azure accepts only one assignment of a role to a principal on a scope, and refuses a second one under another name
 * (RoleAssignmentExists). So the name is derived from these three: if a run is killed before it records the assignment,
 * the next run finds it under its name and adopts it. Assignments of earlier versions keep their random names.
 */
export function assignRole(name: string, args: RoleArgs, options: pulumi.CustomResourceOptions): ArmResource {
  const { roleId, condition } = args.role;
  const assignmentName = pulumi
    .all([args.scope, args.principalId])
    .apply(([scope, principalId]) => guidOf(scope.toLowerCase(), principalId.toLowerCase(), roleId));
  return new ArmResource(
    name,
    {
      parentId: args.scope,
      path: pulumi.interpolate`providers/Microsoft.Authorization/roleAssignments/${assignmentName}`,
      apiVersion: "2022-04-01",
      body: {
        properties: {
          principalId: args.principalId,
          // Without it, Azure does not find a new identity (PrincipalNotFound).
          principalType: "ServicePrincipal",
          roleDefinitionId: pulumi.interpolate`/subscriptions/${args.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
          ...(condition !== undefined && { condition, conditionVersion: "2.0" }),
        },
      },
    },
    { ...options, aliases: [{ type: "azure-native:authorization:RoleAssignment" }] },
  );
}
