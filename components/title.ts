import * as pulumi from "@pulumi/pulumi";

/** The name of objects for which the settings have none. Titles are unique in a sandbox, and a workspace may serve several stacks. */
export function defaultTitle(): string {
  return `Customer.io events (${pulumi.getStack()})`;
}

/**
 * The option with which an object without a name in the settings keeps its name: the default contains the stack's name,
 * and `pulumi stack rename` must change nothing in the cloud.
 *
 * @param property the input that holds the name
 * @param given the name in the settings, if there is one
 */
export function keepName(property: string, given: pulumi.Input<string> | undefined): pulumi.CustomResourceOptions {
  return given === undefined ? { ignoreChanges: [property] } : {};
}
