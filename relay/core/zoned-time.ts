const clock = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?`;
const zone = String.raw`\s?(?:(?<utc>Z|UTC|UT|GMT)|(?<sign>[+-])(?<hours>\d\d)(?::?(?<minutes>\d\d))?(?:\s(?:UTC|GMT))?)`;
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The forms that are read. All of them state their offset from UTC: without one, a time is ambiguous. */
const forms = [
  // ISO 8601 and RFC 3339, and what databases and programs print instead: `2024-10-03 11:00:00+00`, `2024-10-03 11:00:00 +0000 UTC`.
  String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[T ]${clock}${zone}`,
  // E-mail and HTTP (RFC 5322, RFC 9110): `Thu, 03 Oct 2024 11:00:00 GMT`.
  String.raw`(?:[a-z]{3}, )?(?<day>\d\d?) (?<month>${months.join("|")}) (?<year>\d{4}) ${clock}${zone}`,
].map((form) => new RegExp(`^${form}$`, "i"));

/**
 * Reads a date with a time and its offset from UTC.
 *
 * @returns milliseconds since 1970; undefined for any other form, and for a day that does not exist
 */
export function parseZonedTime(text: string): number | undefined {
  const parts = forms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const { year, day = "", hour, minute, second = "00", fraction = "0", utc, sign, hours, minutes = "00" } = parts;
  const month = twoDigits(numberOfMonth(parts.month ?? ""));
  const offset = utc === undefined ? `${sign}${hours}:${minutes}` : "Z";
  const date = `${year}-${month}-${twoDigits(day)}`;
  // Date.parse reads February 30 as March 1.
  if (!new Date(`${date}T00:00Z`).toJSON()?.startsWith(date)) return undefined;
  const time = Date.parse(`${date}T${hour}:${minute}:${second}.${fraction}${offset}`);
  return Number.isNaN(time) ? undefined : time;
}

function numberOfMonth(month: string): string {
  const named = months.indexOf(month.toLowerCase());
  return named < 0 ? month : String(named + 1);
}

function twoDigits(number: string): string {
  return number.padStart(2, "0");
}

/** The UTC date of a time, such as 2026-11-20. */
export function utcDateOf(time: Date): string {
  return time.toISOString().slice(0, "2026-11-20".length);
}
