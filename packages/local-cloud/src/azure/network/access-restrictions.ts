import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { isMap, type PropertyMap, type PropertyValue } from "pulumi-provider-kit";

/**
 * The header by which a test says where a call comes from: an address, or the name of a service tag. All real calls come from this machine.
 */
const originHeader = "x-local-origin";

/** Where a call comes from. */
export function originOf({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">): string {
  const said = headers[originHeader];
  return typeof said === "string" ? said : (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}

/**
 * Whether a site, or its deployment site, takes calls from somewhere (Microsoft, "Azure App Service access restrictions"): the first rule
 * that applies decides, by priority; without one the default action, which is to deny once there are rules.
 */
export function takesCallsFrom(
  origin: string,
  site: "main" | "scm",
  configuration: PropertyValue | undefined,
): boolean {
  if (!isMap(configuration)) return true;
  const usesMain = site === "main" || configuration.scmIpSecurityRestrictionsUseMain === true;
  const prefix = usesMain ? "ipSecurityRestrictions" : "scmIpSecurityRestrictions";
  const rules = rulesOf(configuration[prefix]);
  const rule = rules.find(({ ipAddress }) => applies(String(ipAddress), origin));
  if (rule !== undefined) return rule.action === "Allow";
  const action = configuration[`${prefix}DefaultAction`];
  return action === undefined ? rules.length === 0 : action === "Allow";
}

/** What is wrong with a list of rules, in the words of the property; undefined: nothing. */
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
