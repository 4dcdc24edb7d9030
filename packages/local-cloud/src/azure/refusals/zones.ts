import type { AzureSwitches } from "../switches.ts";

/** Whether Azure offers zone redundancy in a region. */
export function hasZones(
  location: string,
  { regionsWithoutZones }: Pick<AzureSwitches, "regionsWithoutZones">,
): boolean {
  return !regionsWithoutZones.includes(location.toLowerCase().replaceAll(" ", ""));
}
