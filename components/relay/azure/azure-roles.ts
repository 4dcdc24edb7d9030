import * as pulumi from "@pulumi/pulumi";
import { guidOf } from "../../../relay/deploy/resources/arm/guid.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";

/** Azure's built-in roles by their fixed GUIDs (learn.microsoft.com, "Azure built-in roles"). */
const roleIds = {
  "storage-blob-data-owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  "storage-queue-data-contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
  "storage-table-data-contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
  "key-vault-secrets-user": "4633458b-17de-408a-b874-0445c86b69e6",
  "monitoring-metrics-publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
} as const;

export interface RoleArgs {
  role: keyof typeof roleIds;
  /** Id of the resource on which the role is given. */
  scope: pulumi.Input<string>;
  subscriptionId: pulumi.Input<string>;
  /** The identity that gets the role. */
  principalId: pulumi.Input<string>;
}

/**
 * Gives an identity a role on a resource.
 *
 * Azure takes one assignment of a role to a principal on a scope, and refuses a second one under another name
 * (RoleAssignmentExists). So the name follows from these three: a run that was killed before it could note the assignment
 * leaves one that the next run finds under its name, and takes over. What earlier versions named by chance keeps its name.
 */
export function assignRole(name: string, args: RoleArgs, options: pulumi.CustomResourceOptions): ArmResource {
  const roleId = roleIds[args.role];
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
          // Without it an identity made a moment ago is not found (PrincipalNotFound).
          principalType: "ServicePrincipal",
          roleDefinitionId: pulumi.interpolate`/subscriptions/${args.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
        },
      },
    },
    { ...options, aliases: [{ type: "azure-native:authorization:RoleAssignment" }] },
  );
}
