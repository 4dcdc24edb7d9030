import type * as pulumi from "@pulumi/pulumi";
import { derive, holdsOutput } from "../../settings/inputs.ts";
import { typesInRegion } from "./group-region.ts";

/** The types among a relay's resources that have an input `tags`. */
const taggedTypes = new Set([
  ...typesInRegion,
  "azure-native:resources:ResourceGroup",
  "azure-native:monitor:ActionGroup",
  "azure-native:monitor:MetricAlert",
  "customerio-aep:index:VaultSecret",
]);

type Tags = Readonly<Record<string, string>>;

/** A secret of a vault has at most 15 tags, other resources 50 (Microsoft, "About Azure Key Vault secrets"). */
const mostSecretTags = 15;

/**
 * Azure drops a tag of a DNS zone without an error if its name has spaces, parentheses or special characters, or starts with a digit
 * (Microsoft, "Use tags to organize your Azure resources", limitations; Azure/azure-rest-api-specs#11748). So each `refresh` would show it as
 * missing.
 */
const zoneTagName = /^[A-Za-z_][\w.-]*$/;

/** The part of the tags that a resource can have. */
function tagsFor(type: string, { path, body }: pulumi.Inputs): (tags: Tags) => Tags {
  const keep = (choose: (names: string[]) => string[]) => (tags: Tags) =>
    Object.fromEntries(choose(Object.keys(tags)).map((name) => [name, tags[name] ?? ""]));
  if (type === "customerio-aep:index:VaultSecret") return keep((names) => names.toSorted().slice(0, mostSecretTags));
  // The path of a zone's link to a network is not known yet.
  const isZone = String(path).includes("/privateDnsZones/") || body?.properties?.registrationEnabled !== undefined;
  return isZone ? keep((names) => names.filter((name) => zoneTagName.test(name))) : (tags) => tags;
}

/** Types of the plugin with an input `body`. Resources with a location accept tags; child resources do not. */
const bodyTypes = new Set(
  ["ArmResource", "AppServicePlan", "FunctionApp"].map((type) => `customerio-aep:index:${type}`),
);

/**
 * Tags every taggable resource of a component. This is done here and not at each resource, so that none is forgotten: a policy that
 * requires a tag would refuse an untagged one in the middle of an `up`.
 */
export function withTags(tags: pulumi.Input<Tags>): pulumi.ResourceTransformation {
  return ({ type, props, opts }) => {
    if (!holdsOutput(tags) && Object.keys(tags).length === 0) return undefined;
    const merge = (own: pulumi.Input<Record<string, string>> = {}) => mergeTags(tags, own, tagsFor(type, props));
    if (taggedTypes.has(type)) return { props: { ...props, tags: merge(props.tags) }, opts };
    if (!bodyTypes.has(type) || props.body?.location === undefined) return undefined;
    return { props: { ...props, body: { ...props.body, tags: merge(props.body.tags) } }, opts };
  };
}

/** A resource's own tags take precedence: Azure finds a web test's component by one. */
function mergeTags(tags: pulumi.Input<Tags>, own: pulumi.Input<Tags>, select: (tags: Tags) => Tags) {
  return derive({ tags, own }, (known) => ({ ...select(known.tags as Tags), ...(known.own as Tags) }));
}
