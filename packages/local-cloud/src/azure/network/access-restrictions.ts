import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { isMap, type PropertyMap, type PropertyValue } from "pulumi-provider-kit";

/**
 * The header by which a test says where a call comes from: an address, or the name of a service tag. All real calls come from this machine.
 */
const originHeader = "x-local-origin";

/** The header in which Azure Front Door says which profile a call comes through. */
const frontDoorHeader = "x-azure-fdid";

/** What a rule asks of a call: where it comes from, and through which profile of Azure Front Door. */
export interface Origin {
  readonly address: string;
  readonly frontDoorId?: string | undefined;
}

/** Where a call comes from. */
export function originOf({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">): Origin {
  const said = headers[originHeader];
  const frontDoorId = headers[frontDoorHeader];
  return {
    address: typeof said === "string" ? said : (socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
    ...(typeof frontDoorId === "string" && { frontDoorId }),
  };
}

/**
 * Whether a site, or its deployment site, takes calls from somewhere (Microsoft, "Azure App Service access restrictions"): the first rule
 * that applies decides, by priority; without one the default action, which is to deny once there are rules.
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

/** A rule with headers applies only to a call that has one of the values of each (Microsoft, "Filter by http header"). */
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
