import { removes, resolveDestination } from "../../mapping/settings.ts";
import type { SettingValues } from "../../settings/schema.ts";

const tenant = "tenant";
const body = resolveDestination("customerio.content", tenant);

/**
 * Whether Profile may drop events because of their size: it takes none of more than 10 KB, which the body of an e-mail alone often has. Adobe:
 * "Default guardrails for Real-Time Customer Profile data and segmentation". The dataset gets them all.
 */
export function hasBodiesInProfile({ profile, withContent, personalData, mapping }: SettingValues): boolean {
  if (profile.enabled !== true || withContent !== true || personalData.content === "drop") return false;
  const { set, remove } = mapping;
  // An expression of the user's may shorten the body.
  if (set.some(({ destination }) => resolveDestination(destination, tenant) === body)) return false;
  return !remove.some((entry) => removes(resolveDestination(entry, tenant), body));
}
