/** The body that sets a dataset's retention in the data lake (Adobe's “Manage Experience Event dataset retention”). */
export function rowExpirationBody(days: number | undefined): object {
  // It stays in force until it is set to null, as Adobe documents.
  const ttlValue = days === undefined ? null : `P${days}D`;
  return { extensions: { adobe_lakeHouse: { rowExpiration: { ttlValue } } } };
}

const daysIn = { Y: 365, M: 30, W: 7, D: 1 } as const;

/** Days of an ISO 8601 period such as P90D. Somebody may have set months or years, which count as 30 and 365 days. */
export function daysOfPeriod(period: string | null | undefined): number | undefined {
  if (!period) return undefined;
  // Behind a T are hours, minutes and seconds, and M means minutes.
  const [date = ""] = period.split("T");
  const parts = Array.from(date.matchAll(/(\d+)([YMWD])/g), ([, count, unit]) => {
    return Number(count) * daysIn[unit as keyof typeof daysIn];
  });
  return parts.length === 0 ? undefined : parts.reduce((sum, days) => sum + days, 0);
}
