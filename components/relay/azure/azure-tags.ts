import type * as pulumi from "@pulumi/pulumi";
import { derive, holdsOutput } from "../../settings/inputs.ts";

/** The types among a relay's resources that have an input `tags`. */
const taggedTypes = new Set(
  [
    "resources:ResourceGroup",
    "storage:StorageAccount",
    "keyvault:Vault",
    "managedidentity:UserAssignedIdentity",
    "operationalinsights:Workspace",
    "applicationinsights:Component",
    "applicationinsights:WebTest",
    "monitor:ActionGroup",
    "monitor:MetricAlert",
    "monitor:ScheduledQueryRule",
  ]
    .map((type) => `azure-native:${type}`)
    .concat("customerio-aep:index:VaultSecret"),
);

/** Types of the plugin with an input `body`. Resources with a location accept tags; child resources do not. */
const bodyTypes = new Set(
  ["ArmResource", "AppServicePlan", "FunctionApp"].map((type) => `customerio-aep:index:${type}`),
);

/**
 * Tags every taggable resource of a component. This is done here and not at each resource, so that none is forgotten: a policy that
 * requires a tag would refuse an untagged one in the middle of an `up`.
 */
export function withTags(tags: pulumi.Input<Readonly<Record<string, string>>>): pulumi.ResourceTransformation {
  return ({ type, props, opts }) => {
    if (!holdsOutput(tags) && Object.keys(tags).length === 0) return undefined;
    if (taggedTypes.has(type)) return { props: { ...props, tags: mergeTags(tags, props.tags) }, opts };
    if (!bodyTypes.has(type) || props.body?.location === undefined) return undefined;
    return { props: { ...props, body: { ...props.body, tags: mergeTags(tags, props.body.tags) } }, opts };
  };
}

/** A resource's own tags take precedence: Azure finds a web test's component by one. */
function mergeTags(
  tags: pulumi.Input<Readonly<Record<string, string>>>,
  own: pulumi.Input<Record<string, string>> = {},
) {
  return derive({ tags, own }, (known) => ({
    ...(known.tags as Record<string, string>),
    ...(known.own as Record<string, string>),
  }));
}
