import type * as pulumi from "@pulumi/pulumi";

/** Where a resource is in Azure, and by which version of Azure's API it is read. */
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
