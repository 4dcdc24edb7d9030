import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { isMap, type PropertyMap, type PropertyValue } from "pulumi-provider-kit";

/**
 * The header with which a test sets the origin of a call: an address, or the name of a service tag. All real calls come
 * from this machine.
 */
const originHeader = "x-local-origin";

/** The header in which Azure Front Door names the profile that forwards a call. */
const frontDoorHeader = "x-azure-fdid";

/** What a rule requires of a call: its origin, and the profile of Azure Front Door that forwards it. */
export interface Origin {
  readonly address: string;
  readonly frontDoorId?: string | undefined;
}

/** The origin of a call. */
export function originOf({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">): Origin {
  const said = headers[originHeader];
  const frontDoorId = headers[frontDoorHeader];
  return {
    address: typeof said === "string" ? said : (socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
    ...(typeof frontDoorId === "string" && { frontDoorId }),
  };
}

/**
 * Whether a site, or its deployment site, accepts calls from an origin (Microsoft, "Azure App Service access
 * restrictions"). The first rule that applies decides, by priority; if none applies, the default action does, which is
 * to deny once there are rules.
 */
export function takesCallsFrom(
  origin: Origin,
  site: "main" | "scm",
  configuration: PropertyValue | undefined,
): boolean {
  if (!isMap(configuration)) return true;
  const usesMain = site === "main" || configuration.scmIpSecurityRestrictionsUseMain === true;
  const prefix = usesMain ? "ipSecurityRestrictions" : "scmIpSecurityRestrictions";
  const rules = rulesOf(configuration[prefix]);
  const rule = rules.find(
    ({ ipAddress, headers }) => applies(String(ipAddress), origin.address) && hasHeaders(headers, origin),
  );
  if (rule !== undefined) return rule.action === "Allow";
  const action = configuration[`${prefix}DefaultAction`];
  return action === undefined ? rules.length === 0 : action === "Allow";
}

/** What is wrong with a list of rules, in the property's own terms; undefined: nothing. */
export function brokenRule(list: PropertyValue | undefined): string | undefined {
  const rules = rulesOf(list);
  if (rules.length > 512) return "The number of rules must be 512 or fewer.";
  return rules
    .filter(({ tag }) => tag !== "ServiceTag")
    .map(({ ipAddress }) => String(ipAddress))
    .find((range) => !isRange(range));
}

function rulesOf(list: PropertyValue | undefined): PropertyMap[] {
  const rules = Array.isArray(list) ? list.filter(isMap) : [];
  return rules.sort((one, other) => Number(one.priority ?? 65_000) - Number(other.priority ?? 65_000));
}

/**
 * A rule with headers applies only to a call that has one of the listed values of each header (Microsoft, "Filter by
 * http header").
 */
function hasHeaders(headers: PropertyValue | undefined, { frontDoorId }: Origin): boolean {
  const ids = isMap(headers) ? headers[frontDoorHeader] : undefined;
  return !Array.isArray(ids) || ids.includes(frontDoorId ?? "");
}

function isRange(range: string): boolean {
  const [address = "", length = ""] = range.split("/");
  return isIP(address) !== 0 && /^\d+$/.test(length) && Number(length) <= (isIP(address) === 4 ? 32 : 128);
}

function applies(range: string, origin: string): boolean {
  if (!isRange(range) || isIP(origin) === 0) return range === origin;
  const [address = "", length] = range.split("/");
  const family = (text: string) => (isIP(text) === 4 ? "ipv4" : "ipv6");
  const list = new BlockList();
  list.addSubnet(address, Number(length), family(address));
  return list.check(origin, family(origin));
}
