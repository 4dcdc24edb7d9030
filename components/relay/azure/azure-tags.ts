import type * as pulumi from "@pulumi/pulumi";
import { derive, holdsOutput } from "../../settings/inputs.ts";

/** The types that take tags as an input of that name, of those that a relay is made of. */
const taggedTypes = new Set(
  [
    ...["resources:ResourceGroup", "storage:StorageAccount", "keyvault:Vault", "managedidentity:UserAssignedIdentity"],
    ...["operationalinsights:Workspace", "applicationinsights:Component", "applicationinsights:WebTest"],
    ...["monitor:ActionGroup", "monitor:MetricAlert", "monitor:ScheduledQueryRule"],
  ]
    .map((type) => `azure-native:${type}`)
    .concat("customerio-aep:index:VaultSecret"),
);

/** Types of the plugin whose resources are described by a `body`. What lies in a region takes tags; parts of other resources don't. */
const bodyTypes = new Set(
  ["ArmResource", "AppServicePlan", "FunctionApp"].map((type) => `customerio-aep:index:${type}`),
);

/**
 * Tags whatever takes tags among a component's resources. Here and not at each resource, so that none is forgotten: a policy that
 * requires a tag would refuse it in the middle of an `up`.
 */
export function withTags(tags: pulumi.Input<Readonly<Record<string, string>>>): pulumi.ResourceTransformation {
  return ({ type, props, opts }) => {
    if (!holdsOutput(tags) && Object.keys(tags).length === 0) return undefined;
    if (taggedTypes.has(type)) return { props: { ...props, tags: mergeTags(tags, props.tags) }, opts };
    if (!bodyTypes.has(type) || props.body?.location === undefined) return undefined;
    return { props: { ...props, body: { ...props.body, tags: mergeTags(tags, props.body.tags) } }, opts };
  };
}

/** A resource's own tags win: Azure finds a web test's component by one. */
function mergeTags(
  tags: pulumi.Input<Readonly<Record<string, string>>>,
  own: pulumi.Input<Record<string, string>> = {},
) {
  return derive({ tags, own }, (known) => ({
    ...(known.tags as Record<string, string>),
    ...(known.own as Record<string, string>),
  }));
}
