/** A region as Azure compares it, which knows neither case nor blanks: `West Europe` is `westeurope`. */
export function normalizeRegion(region: string): string {
  return region.toLowerCase().replaceAll(" ", "");
}
