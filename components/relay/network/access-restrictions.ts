import * as pulumi from "@pulumi/pulumi";
import { getIpAddresses } from "pulumi-customerio";
import type { AllowedCallers } from "../../../settings/network-settings.ts";
import type { SettingWords } from "../../../settings/setting-words.ts";

/** The properties of `siteConfig` that restrict the callers of a site and its deployment site. */
export type AccessRestrictions = Readonly<Record<string, object[] | string | boolean>>;

/**
 * Restricts callers to those that the setting allows. Azure's front end applies it before any code runs or costs
 * anything.
 *
 * @returns undefined if everyone may call
 */
export function restrictAccess(
  { customerIo, addresses, frontDoorIds, operators }: AllowedCallers,
  words: SettingWords,
  parent: pulumi.Resource,
): pulumi.Output<AccessRestrictions> | undefined {
  if (operators.length === 0) return undefined;
  const theirs = customerIo
    ? pulumi.output(getIpAddresses({ parent }))
    : pulumi.output({ ipAddresses: [] as string[] });
  return theirs.apply(({ ipAddresses }): AccessRestrictions => {
    if (customerIo) {
      requireAddresses(ipAddresses, addresses, words);
      warnOfChanges(ipAddresses, parent);
    }
    const allowed = allow([...ipAddresses, ...addresses, ...operators]);
    const tagged = [
      // Azure publishes the addresses of its availability tests under this name (Azure Monitor, "IP addresses used by Azure
      // Monitor").
      { name: "availability test", ipAddress: "ApplicationInsightsAvailability" },
      // All calls through Azure Front Door come from there; the header names the profile ("Secure traffic to Azure Front Door
      // origins").
      ...(frontDoorIds.length > 0
        ? [{ name: "front door", ipAddress: "AzureFrontDoor.Backend", headers: { "x-azure-fdid": frontDoorIds } }]
        : []),
    ];
    return {
      ipSecurityRestrictions: [
        ...allowed,
        ...tagged.map((rule, index) => ({
          ...rule,
          tag: "ServiceTag",
          action: "Allow",
          priority: 100 + allowed.length + index,
        })),
      ],
      ipSecurityRestrictionsDefaultAction: "Deny",
      scmIpSecurityRestrictionsUseMain: false,
      scmIpSecurityRestrictions: allow(operators),
      scmIpSecurityRestrictionsDefaultAction: "Deny",
    };
  });
}

/**
 * @param others the addresses that the setting has already
 * @throws pulumi.RunError if Customer.io lists none, so that all its calls would be refused
 */
export function requireAddresses(ipAddresses: readonly string[], others: readonly string[], words: SettingWords): void {
  if (ipAddresses.length > 0) return;
  throw new pulumi.RunError(
    "Customer.io's API lists no addresses, so nobody could send events. Set them yourself: " +
      `${words.set(`allowedCallers.addresses[${others.length}]`, "<range>")}, and ${words.set("allowedCallers.customerIo", "false")}`,
  );
}

function warnOfChanges(ipAddresses: readonly string[], parent: pulumi.Resource): void {
  void pulumi.log.warn(
    `The relay takes events only from the ${ipAddresses.length} addresses that Customer.io's API lists now. The list changes without notice, ` +
      "and each call from a new address gets 403, after which Customer.io holds back all events for an hour. Run a preview every day, and " +
      "npx pulumi up when it shows a change of the function app.",
    parent,
  );
}

/** One rule for each address, in the order of the addresses, so that the same list gives the same rules. */
function allow(ranges: readonly string[]): object[] {
  return [...new Set(ranges.map(withLength))].sort().map((ipAddress, index) => ({
    name: `caller ${index + 1}`,
    priority: 100 + index,
    action: "Allow",
    ipAddress,
  }));
}

/** Azure requires every address as a range. */
function withLength(range: string): string {
  if (range.includes("/")) return range;
  return range.includes(":") ? `${range}/128` : `${range}/32`;
}
