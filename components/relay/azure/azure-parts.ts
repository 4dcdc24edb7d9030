import type * as pulumi from "@pulumi/pulumi";

/** A resource's path in Azure, and the API version that reads it. */
export interface AzurePart {
  readonly id: pulumi.Output<string>;
  readonly apiVersion: pulumi.Input<string>;
}

/** The part that a resource of azure-native is. */
export function nativePart({
  id,
  azureApiVersion,
}: pulumi.CustomResource & { readonly azureApiVersion: pulumi.Output<string> }): AzurePart {
  return { id, apiVersion: azureApiVersion };
}

/** The part that an `ArmResource` is. */
export function armPart({ id, apiVersion }: AzurePart): AzurePart {
  return { id, apiVersion };
}
