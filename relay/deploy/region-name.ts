/** A region as Azure compares it, ignoring case and spaces: `West Europe` is `westeurope`. */
export function normalizeRegion(region: string): string {
  return region.toLowerCase().replaceAll(" ", "");
}
