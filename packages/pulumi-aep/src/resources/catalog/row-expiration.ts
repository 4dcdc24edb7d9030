/** What Catalog keeps of a dataset's retention in the data lake (Adobe's “Manage Experience Event dataset retention”). */
export function rowExpirationBody(days: number | undefined): object {
  // null is how Adobe has it turned off; it stays in force until then.
  const ttlValue = days === undefined ? null : `P${days}D`;
  return { extensions: { adobe_lakeHouse: { rowExpiration: { ttlValue } } } };
}

const daysIn = { Y: 365, M: 30, W: 7, D: 1 } as const;

/** Days of an ISO 8601 period such as P90D; months and years, which somebody may have set by hand, at 30 and 365 days. */
export function daysOf(period: string | null | undefined): number | undefined {
  if (!period) return undefined;
  const parts = Array.from(period.matchAll(/(\d+)([YMWD])/g), ([, count, unit]) => {
    return Number(count) * daysIn[unit as keyof typeof daysIn];
  });
  return parts.length === 0 ? undefined : parts.reduce((sum, days) => sum + days, 0);
}
