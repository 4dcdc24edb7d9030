import type { ResourceRule } from "./azure-rules.ts";
import type { CheckedResource } from "./checked-resource.ts";

export const forbidProfile: ResourceRule = ({ type, props }) => {
  const isEnabled = type === "aep:index:ProfileEnablement" || (type === "aep:index:Dataset" && props.profile === true);
  if (!isEnabled) return undefined;
  return (
    "Events go to Real-Time Customer Profile, which can't be undone and counts against a license. Run: " +
    "npx pulumi config set --path profile.enabled false"
  );
};

export const requireHttpsWebhook: ResourceRule = ({ type, props }) => {
  if (type !== "customerio:index:ReportingWebhook" || /^https:\/\//i.test(props.endpoint)) return undefined;
  return "Customer.io would post events to an address without TLS: give the webhook an endpoint that begins with https://.";
};

/** The datasets of a stack whose rows an `npx pulumi destroy` would delete. */
export function findUnprotectedDatasets<Resource extends CheckedResource>(resources: readonly Resource[]): Resource[] {
  const guards = resources.filter(({ type, props }) => type === "aep:index:DatasetGuard" && !props.forceDestroy);
  return resources.filter(({ type, props, opts }) => {
    if (type !== "aep:index:Dataset" || opts.protect || props.keep === true) return false;
    return props.forceDestroy === true || guards.length === 0;
  });
}
