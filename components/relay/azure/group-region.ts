import * as pulumi from "@pulumi/pulumi";

/** The types among a relay's resources to which azure-native gives a region if the program does not. */
export const typesInRegion: ReadonlySet<string> = new Set(
  [
    "storage:StorageAccount",
    "keyvault:Vault",
    "managedidentity:UserAssignedIdentity",
    "operationalinsights:Workspace",
    "applicationinsights:Component",
    "applicationinsights:WebTest",
    "monitor:ScheduledQueryRule",
  ].map((type) => `azure-native:${type}`),
);

/**
 * Creates resources of azure-native in the region of the resource group. By itself, azure-native prefers the setting
 * `azure-native:location` (`getDefaultLocation` in its provider), which an existing group need not follow: storage and vault would be in
 * another region than the app.
 */
export function inRegion(location: pulumi.Output<string>): pulumi.ResourceTransformation {
  return ({ type, props, opts }) => {
    if (!typesInRegion.has(type)) return undefined;
    // Azure can't move what an earlier version created in another region, so it stays there.
    return { props: { ...props, location }, opts: pulumi.mergeOptions(opts, { ignoreChanges: ["location"] }) };
  };
}
