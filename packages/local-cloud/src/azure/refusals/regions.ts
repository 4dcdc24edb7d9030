import type { AzureSwitches } from "../switches.ts";

/** A region as Azure compares it: `West Europe` is `westeurope`. */
export function regionName(region: string): string {
  return region.toLowerCase().replaceAll(" ", "");
}

/** Whether Azure offers zone redundancy in a region. */
export function hasZones(region: string, { regionsWithoutZones }: Pick<AzureSwitches, "regionsWithoutZones">): boolean {
  return !regionsWithoutZones.includes(regionName(region));
}

/** Whether a region offers the plan Flex Consumption. */
export function offersFlex(region: string, { regionsWithoutFlex }: Pick<AzureSwitches, "regionsWithoutFlex">): boolean {
  return !regionsWithoutFlex.includes(regionName(region));
}
