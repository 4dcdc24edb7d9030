import type * as pulumi from "@pulumi/pulumi";

/** Whether a component has a provider azure-native of its own, with its own subscription and region, instead of the stack's. */
export function hasOwnProvider(component: pulumi.Resource | undefined): boolean {
  return component?.getProvider("azure-native:resources:ResourceGroup") !== undefined;
}
