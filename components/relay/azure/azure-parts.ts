import type * as pulumi from "@pulumi/pulumi";

/** A resource's path in Azure, and the API version that reads it. */
export interface AzurePart {
  readonly id: pulumi.Output<string>;
  readonly apiVersion: pulumi.Input<string>;
}

/** The part for a resource of azure-native. */
export function nativePart({
  id,
  azureApiVersion,
}: pulumi.CustomResource & { readonly azureApiVersion: pulumi.Output<string> }): AzurePart {
  return { id, apiVersion: azureApiVersion };
}

/** The part for an `ArmResource`. */
export function armPart({ id, apiVersion }: AzurePart): AzurePart {
  return { id, apiVersion };
}
