import { getUserAssignedIdentityOutput } from "@pulumi/azure-native/managedidentity/getUserAssignedIdentity.js";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import * as pulumi from "@pulumi/pulumi";
import type { ArmResource } from "../../relay/deploy/sdk.ts";
import { addName, azureName } from "./azure/azure-names.ts";
import { type AzurePart, armPart, nativePart } from "./azure/azure-parts.ts";
import { assignRole } from "./azure/azure-roles.ts";
import type { RelayRole } from "./azure/relay-roles.ts";
import { inSubscription } from "./relay-group.ts";

export interface RelayIdentityArgs {
  resourceGroupName: pulumi.Input<string>;
  subscriptionId: pulumi.Input<string>;
  /** The identity's name, instead of a generated one. */
  identityName?: pulumi.Input<string> | undefined;
  /** Id of an existing identity, which then only gets its roles. */
  existingId?: pulumi.Input<string> | undefined;
}

/** The relay's identity in Azure, and its roles. */
export class RelayIdentity {
  readonly id: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;
  readonly parts: Record<string, AzurePart> = {};
  /** The roles so far. The app must not start before it has them all. */
  readonly roles: ArmResource[] = [];
  readonly #name: string;
  readonly #subscriptionId: pulumi.Input<string>;
  readonly #options: pulumi.CustomResourceOptions;

  constructor(
    name: string,
    { resourceGroupName, subscriptionId, identityName, existingId }: RelayIdentityArgs,
    options: pulumi.CustomResourceOptions,
  ) {
    if (existingId === undefined) {
      const identity = new UserAssignedIdentity(
        azureName("identity", `${name}-identity`),
        { resourceGroupName, ...addName("resourceName", identityName) },
        options,
      );
      this.id = identity.id;
      this.principalId = identity.principalId;
      this.clientId = identity.clientId;
      this.parts.identity = nativePart(identity);
    } else {
      this.id = pulumi
        .all([existingId, subscriptionId])
        .apply(([id, own]) => inSubscription(id, own, "azureExisting.identityId"));
      const [resourceGroup, resourceName] = [4, 8].map((part) => this.id.apply((id) => id.split("/")[part] ?? ""));
      const identity = getUserAssignedIdentityOutput(
        {
          resourceGroupName: resourceGroup as pulumi.Output<string>,
          resourceName: resourceName as pulumi.Output<string>,
        },
        { parent: options.parent as pulumi.Resource },
      );
      this.principalId = identity.principalId;
      this.clientId = identity.clientId;
    }
    this.#name = name;
    this.#subscriptionId = subscriptionId;
    this.#options = options;
  }

  /**
   * Gives the relay a role.
   *
   * @param name the assignment's name in the program, after the relay's name
   * @param scope id of the resource on which it has the role
   */
  grant(name: string, role: RelayRole, scope: pulumi.Input<string>): void {
    const args = { role, scope, subscriptionId: this.#subscriptionId, principalId: this.principalId };
    const assignment = assignRole(`${this.#name}-${name}`, args, this.#options);
    this.roles.push(assignment);
    this.parts[`role ${name}`] = armPart(assignment);
  }
}
