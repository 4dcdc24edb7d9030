/** The ISO 8601 pattern that Platform accepts for times (Data Prep's data handling page). */
const isoPattern = "yyyy-MM-dd'T'HH:mm:ss.SSSX";

/** The last second whose year has four digits in ISO 8601. A larger number counts in a finer unit. */
const lastSecond = 253_402_300_799;

/** Units per second, coarsest first. */
const units = [1, 1_000, 1_000_000, 1_000_000_000];

const isThere = `contains_key("timestamp")`;
/** Function names are reserved words unless wrapped in `${}` (Adobe's Data Prep functions page). */
const text = `concat(coalesce(\${timestamp}, ""), "")`;
const now = `dformat(timestamp(), "${isoPattern}")`;

/** As many digits as Data Prep's integers hold. */
const isWhole = `matches_regex(${text}, "[0-9]{1,18}|[1-8][0-9]{18}")`;
const whole = `to_bigint(${text})`;
const isSeconds = `matches_regex(${text}, "[0-9]{1,12}") && ${whole} <= ${lastSecond}`;

/** Java writes a large number with an exponent. */
const isNumber = `matches_regex(${text}, "[0-9]+([.][0-9]+)?(E[0-9]+)?")`;
const number = `to_decimal(${text})`;

/** ISO 8601 with its offset, without milliseconds and with them. */
const isoForms = [
  { fraction: "", pattern: "yyyy-MM-dd'T'HH:mm:ssXXX" },
  { fraction: "[.][0-9]{3}", pattern: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX" },
].map(({ fraction, pattern }) => {
  const regex = `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}${fraction}(Z|[+-][0-9]{2}:[0-9]{2})`;
  const read = `format(zone_date_to_utc(date(${text}, "${pattern}")), "${isoPattern}")`;
  return [`matches_regex(${text}, "${regex}")`, read] as const;
});

/**
 * When an event happened, for an ExperienceEvent's `timestamp`: from Unix seconds, also with a fraction, from milliseconds,
 * microseconds or nanoseconds, or from ISO 8601. A time that can't be read or is in the future counts as now, since Platform refuses a
 * row without a time in the past. The relay reads the same forms and a few more (relay/core/event/event-time.ts).
 *
 * Adobe's functions take only milliseconds, and no page shows arithmetic in an expression, so Platform's own preview tries it before
 * anything is sent (`mappingSamples`). Times in the same form and zone sort like their texts.
 */
export const occurredAt = `iif(${isThere}, min(${choose(
  [
    [isSeconds, `dformat(${whole} * 1000, "${isoPattern}")`],
    [isNumber, `dformat(${milliseconds(number)}, "${isoPattern}")`],
    ...isoForms,
  ],
  now,
)}, ${now}), ${now})`;

/** The event's time in whole Unix seconds; null for a fraction or a date, since no Adobe function turns those into seconds. */
export const occurredAtSeconds = `iif(${isThere}, iif(${isWhole}, ${inUnit(whole, (unit) => divideWhole(whole, unit))}, nullify()), nullify())`;

/** Whether an event's time has the form that Customer.io documents: whole Unix seconds. */
export const isDocumentedTime = `${isThere} && ${isSeconds}`;

/** Decides by a number's size: seconds, or the finest unit that gives a year of four digits. */
function inUnit(value: string, convert: (perSecond: number) => string): string {
  const cases = units.slice(0, -1).map((unit) => [`${value} <= ${lastSecond * unit}`, convert(unit)] as const);
  return choose(cases, convert(units.at(-1) ?? 1));
}

function milliseconds(value: string): string {
  return inUnit(value, (perSecond) => (perSecond === 1 ? `${value} * 1000` : divideWhole(value, perSecond / 1000)));
}

/** Divides to a whole number, however the language treats a remainder. */
function divideWhole(value: string, divisor: number): string {
  return divisor === 1 ? value : `(${value} - ${value} % ${divisor}) / ${divisor}`;
}

function choose(cases: readonly (readonly [condition: string, value: string])[], otherwise: string): string {
  return cases.reduceRight((rest, [condition, value]) => `iif(${condition}, ${value}, ${rest})`, otherwise);
}
