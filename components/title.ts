import * as pulumi from "@pulumi/pulumi";

/** What objects are called unless the settings name them: titles are unique in a sandbox, and a workspace may serve several stacks. */
export function defaultTitle(): string {
  return `Customer.io events (${pulumi.getStack()})`;
}
