import { DateTime, TransformError } from "./value.ts";

/** How many minutes a time zone such as `Europe/Paris` is ahead of UTC at a moment (milliseconds since 1970). */
export function zoneOffset(zone: string, epochMilliseconds: number): number {
  const name = formatOf(zone)
    .formatToParts(epochMilliseconds)
    .find(({ type }) => type === "timeZoneName")?.value;
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)$/.exec(name ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

/** The moment at which the clocks of a time zone show a time, given in milliseconds as if they stood in UTC. */
export function inZone(local: number, zone: string): DateTime {
  // The offset at the local time taken for UTC may be that before or after a change of the clocks; that at the guess is right.
  const guess = local - zoneOffset(zone, local) * 60_000;
  const offset = zoneOffset(zone, guess);
  return new DateTime(local - offset * 60_000, offset);
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    throw new TransformError(`${zone} is no time zone`);
  }
}
