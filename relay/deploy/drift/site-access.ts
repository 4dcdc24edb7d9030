import { z } from "zod";

/** The configuration properties that decide who may call a site and its deployment site. */
const openAccess = {
  ipSecurityRestrictions: [] as Rule[],
  ipSecurityRestrictionsDefaultAction: "Allow",
  scmIpSecurityRestrictionsUseMain: false,
  scmIpSecurityRestrictions: [] as Rule[],
  scmIpSecurityRestrictionsDefaultAction: "Allow",
};

type SiteAccess = typeof openAccess;
type AccessProperty = keyof SiteAccess;

const rule = z.object({
  name: z.string().nullish(),
  priority: z.number().nullish(),
  action: z.string().nullish(),
  ipAddress: z.string().nullish(),
  tag: z.string().nullish(),
  vnetSubnetResourceId: z.string().nullish(),
  headers: z.record(z.string(), z.array(z.string())).nullish(),
});
type Rule = z.output<typeof rule>;

const siteConfig = z.object({
  ipSecurityRestrictions: z.array(rule).nullish(),
  ipSecurityRestrictionsDefaultAction: z.string().nullish(),
  scmIpSecurityRestrictionsUseMain: z.boolean().nullish(),
  scmIpSecurityRestrictions: z.array(rule).nullish(),
  scmIpSecurityRestrictionsDefaultAction: z.string().nullish(),
});

/** Normalizes a site's access rules, whether the program wrote them or Azure returned them from `config/web`. */
function accessOf(configuration: unknown): SiteAccess {
  const given = siteConfig.parse(configuration ?? {});
  const main = rulesOf(given.ipSecurityRestrictions);
  const scm = rulesOf(given.scmIpSecurityRestrictions);
  return {
    ipSecurityRestrictions: main,
    ipSecurityRestrictionsDefaultAction: given.ipSecurityRestrictionsDefaultAction ?? defaultAction(main),
    scmIpSecurityRestrictionsUseMain: given.scmIpSecurityRestrictionsUseMain ?? false,
    scmIpSecurityRestrictions: scm,
    scmIpSecurityRestrictionsDefaultAction: given.scmIpSecurityRestrictionsDefaultAction ?? defaultAction(scm),
  };
}

/** Without a default action, Azure denies if there are rules (Microsoft, "Azure App Service access restrictions"). */
function defaultAction(rules: readonly Rule[]): string {
  return rules.length === 0 ? "Allow" : "Deny";
}

/** Azure appends a rule for `Any` that repeats the default action, gives rules without a tag the tag `Default`, and returns null elsewhere. */
function rulesOf(rules: readonly Rule[] | null | undefined): Rule[] {
  return (rules ?? [])
    .filter(({ ipAddress, priority }) => !(ipAddress === "Any" && priority === lastPriority))
    .map(({ tag, ...others }) => {
      const entries = Object.entries({ ...others, tag: tag === "Default" ? null : tag });
      const set = entries.filter(([, value]) => value !== null && value !== undefined && !isEmpty(value));
      return Object.fromEntries(set.toSorted(([one], [other]) => one.localeCompare(other))) as Rule;
    })
    .toSorted((one, other) => (one.priority ?? lastPriority) - (other.priority ?? lastPriority));
}

const lastPriority = 2_147_483_647;

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/**
 * The properties with access rules that differ from what the program wrote, with Azure's values.
 *
 * @param written the site's configuration in the program; undefined if the program restricts nobody
 * @param found the properties of Azure's `config/web`
 */
export function changedAccess(written: unknown, found: unknown): Partial<SiteAccess> {
  const [wanted, present] = [accessOf(written), accessOf(found)];
  const names = Object.keys(openAccess) as AccessProperty[];
  const changed = names.filter((name) => JSON.stringify(wanted[name]) !== JSON.stringify(present[name]));
  return Object.fromEntries(changed.map((name) => [name, present[name]])) as Partial<SiteAccess>;
}

/** A configuration that lets everybody call, with the same properties as one that restricts callers. */
export function withoutRestrictions(configuration: Readonly<Record<string, unknown>>): Partial<SiteAccess> {
  const names = (Object.keys(openAccess) as AccessProperty[]).filter((name) => name in configuration);
  return Object.fromEntries(names.map((name) => [name, openAccess[name]])) as Partial<SiteAccess>;
}
