import * as pulumi from "@pulumi/pulumi";
import { roleApiVersion } from "../../../relay/deploy/api-versions.ts";
import { roleAssignmentPath, roleAssignmentProperties } from "../../../relay/deploy/resources/arm/role-assignment.ts";
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

/** Gives an identity a role on a resource. */
export function assignRole(name: string, args: RoleArgs, options: pulumi.CustomResourceOptions): ArmResource {
  const { roleId, condition } = args.role;
  return new ArmResource(
    name,
    {
      parentId: args.scope,
      path: pulumi
        .all([args.scope, args.principalId])
        .apply(([scope, principalId]) => roleAssignmentPath(scope, principalId, roleId)),
      apiVersion: roleApiVersion,
      body: {
        properties: pulumi
          .all([args.principalId, args.subscriptionId])
          .apply(([principalId, subscriptionId]) =>
            roleAssignmentProperties({ principalId, subscriptionId, roleId, condition }),
          ),
      },
    },
    { ...options, aliases: [{ type: "azure-native:authorization:RoleAssignment" }] },
  );
}
