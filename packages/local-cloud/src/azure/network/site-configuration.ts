import { isMap, type PropertyMap } from "pulumi-provider-kit";
import type { Resource } from "../arm/subscription.ts";

/** A site with a part of its configuration changed, as the portal changes it. */
export function configure(site: Resource, properties: PropertyMap): Resource {
  return { ...site, inputs: { ...site.inputs, siteConfig: { ...configurationOf(site), ...properties } } };
}

/** A site's configuration. Only here does Azure show who may call, with a final rule for everyone else. */
export function describeConfiguration(site: Resource): object {
  const configuration = configurationOf(site);
  const shown = (property: string) => describeRestrictions(configuration, property);
  return {
    id: `${site.id}/config/web`,
    name: site.name,
    type: "Microsoft.Web/sites/config",
    properties: { ...configuration, ...shown("ipSecurityRestrictions"), ...shown("scmIpSecurityRestrictions") },
  };
}

function configurationOf(site: Resource): PropertyMap {
  const { siteConfig } = site.inputs;
  return isMap(siteConfig) ? siteConfig : {};
}

function describeRestrictions(configuration: PropertyMap, property: string): object {
  const given = configuration[property];
  const rules = Array.isArray(given) ? given.filter(isMap) : [];
  const action = configuration[`${property}DefaultAction`] ?? null;
  const isOpen = action === "Allow" || (action === null && rules.length === 0);
  const last = isOpen ? { action: "Allow", name: "Allow all" } : { action: "Deny", name: "Deny all" };
  return {
    [property]: [
      ...rules.map((rule) => ({ tag: "Default", headers: null, vnetSubnetResourceId: null, ...rule })),
      { ipAddress: "Any", priority: 2_147_483_647, ...last },
    ],
    [`${property}DefaultAction`]: action,
  };
}
