import { DateTime, isoOffset, TransformError } from "./value.ts";

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const day = 86_400_000;

type PatternPart = { readonly letter: string; readonly count: number } | { readonly literal: string };

/**
 * Writes a time by a Java date pattern, as the table "Date/time format strings" of Data Prep's data handling page lists its
 * letters: `yyyy-MM-dd'T'HH:mm:ss.SSSX`. English names, no named time zones.
 */
export function formatDate(time: DateTime, pattern: string): string {
  const local = new Date(time.epochMilliseconds + time.offsetMinutes * 60_000);
  return parts(pattern)
    .map((part) => ("literal" in part ? part.literal : formatPart(local, time.offsetMinutes, part.letter, part.count)))
    .join("");
}

/** Reads a time by a Java date pattern, in UTC unless the text has an offset; undefined if the text doesn't match. */
export function parseDate(text: string, pattern: string): DateTime | undefined {
  const letters: string[] = [];
  const source = parts(pattern)
    .map((part) => {
      if ("literal" in part) return part.literal.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
      letters.push(part.letter);
      return `(${readable(part.letter, part.count)})`;
    })
    .join("");
  const match = new RegExp(`^${source}$`, "i").exec(text);
  if (match === null) return undefined;
  const fields = new Map(letters.map((letter, index) => [letter, match[index + 1] ?? ""]));
  return fromFields(fields);
}

function parts(pattern: string): PatternPart[] {
  return Array.from(pattern.matchAll(/''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g), (match): PatternPart => {
    const [whole, quoted, letter] = match;
    if (whole === "''") return { literal: "'" };
    if (whole === "'") throw new TransformError(`The date pattern ${pattern} has an open quote`);
    if (quoted !== undefined) return { literal: quoted.replaceAll("''", "'") };
    return letter === undefined ? { literal: whole } : { letter, count: whole.length };
  });
}

function formatPart(local: Date, offsetMinutes: number, letter: string, count: number): string {
  const number = (value: number) => String(value).padStart(count, "0");
  const year = local.getUTCFullYear();
  const month = local.getUTCMonth();
  const hour = local.getUTCHours();
  const weekday = (local.getUTCDay() + 6) % 7;
  const dayOfMonth = local.getUTCDate();
  const week = isoWeek(local);
  const quarter = Math.floor(month / 3) + 1;
  switch (letter) {
    case "G":
      return "AD";
    case "y":
      return count === 2 ? String(year).slice(-2) : number(year);
    case "Y":
      return count === 2 ? String(week.year).slice(-2) : number(week.year);
    case "M":
    case "L":
      return count < 3 ? number(month + 1) : named(months, month, count);
    case "Q":
    case "q":
      return count < 3 ? number(quarter) : `Q${quarter}`;
    case "w":
      return number(week.week);
    case "W":
    case "F":
      return number(Math.ceil(dayOfMonth / 7));
    case "D":
      return number(Math.floor((Date.UTC(year, month, dayOfMonth) - Date.UTC(year, 0, 1)) / day) + 1);
    case "d":
      return number(dayOfMonth);
    case "E":
      return named(weekdays, weekday, count);
    case "u":
      return number(weekday + 1);
    case "a":
      return hour < 12 ? "AM" : "PM";
    case "H":
      return number(hour);
    case "k":
      return number(hour === 0 ? 24 : hour);
    case "K":
      return number(hour % 12);
    case "h":
      return number(hour % 12 === 0 ? 12 : hour % 12);
    case "m":
      return number(local.getUTCMinutes());
    case "s":
      return number(local.getUTCSeconds());
    case "S":
      return String(local.getUTCMilliseconds()).padStart(3, "0").padEnd(count, "0").slice(0, count);
    case "z":
    case "V":
      return offsetMinutes === 0 ? "UTC" : `GMT${isoOffset(offsetMinutes)}`;
    case "O":
      return offsetMinutes === 0 ? "GMT" : `GMT${isoOffset(offsetMinutes).replace(/^([+-])0?(\d+):00$/, "$1$2")}`;
    case "Z":
      return offsetMinutes === 0 ? "+0000" : isoOffset(offsetMinutes, "");
    case "X":
      return count === 1
        ? isoOffset(offsetMinutes, "").replace(/^(...)00$/, "$1")
        : isoOffset(offsetMinutes, count === 2 ? "" : ":");
    default:
      throw new TransformError(`The letter ${letter} has no meaning in a date pattern`);
  }
}

function readable(letter: string, count: number): string {
  switch (letter) {
    case "y":
      return count === 2 ? "\\d{2}" : "\\d{4}";
    case "M":
    case "L":
      return count < 3 ? digits(count) : months.map((name) => (count === 3 ? name.slice(0, 3) : name)).join("|");
    case "d":
    case "H":
    case "k":
    case "K":
    case "h":
    case "m":
    case "s":
      return digits(count);
    case "S":
      return `\\d{${count}}`;
    case "a":
      return "AM|PM";
    case "E":
      return weekdays.map((name) => (count < 4 ? name.slice(0, 3) : name)).join("|");
    case "X":
      return "Z|[+-]\\d{2}(?::?\\d{2})?";
    case "Z":
      return "[+-]\\d{4}";
    case "z":
      return "UTC|GMT|Z";
    default:
      throw new TransformError(`A date can't be read by the pattern letter ${letter}`);
  }
}

function digits(count: number): string {
  return count === 1 ? "\\d{1,2}" : `\\d{${count}}`;
}

function fromFields(fields: ReadonlyMap<string, string>): DateTime | undefined {
  const number = (letter: string, otherwise: number) => Number(fields.get(letter) ?? otherwise);
  const yearText = fields.get("y") ?? "1970";
  const year = yearText.length === 2 ? 2000 + Number(yearText) : Number(yearText);
  const monthText = fields.get("M") ?? fields.get("L") ?? "1";
  const named = months.findIndex((name) => name.slice(0, 3).toLowerCase() === monthText.slice(0, 3).toLowerCase());
  const month = named === -1 ? Number(monthText) - 1 : named;
  const dayOfMonth = number("d", 1);
  const hour = hourOf(fields);
  const [minute, second] = [number("m", 0), number("s", 0)];
  const local = new Date(Date.UTC(year, month, dayOfMonth, hour, minute, second));
  const isReal = local.getUTCMonth() === month && local.getUTCDate() === dayOfMonth && minute < 60 && second < 60;
  if (!isReal || hour > 23) return undefined;
  const fraction = Math.round(Number(`0.${fields.get("S") ?? "0"}`) * 1000);
  const offset = offsetOf(fields.get("X") ?? fields.get("Z") ?? "Z");
  return new DateTime(local.getTime() + fraction - offset * 60_000, offset);
}

function hourOf(fields: ReadonlyMap<string, string>): number {
  const isAfternoon = (fields.get("a") ?? "AM").toUpperCase() === "PM";
  const half = fields.get("h") ?? fields.get("K");
  if (half !== undefined) return (Number(half) % 12) + (isAfternoon ? 12 : 0);
  const fromOne = fields.get("k");
  return fromOne === undefined ? Number(fields.get("H") ?? 0) : Number(fromOne) % 24;
}

function offsetOf(text: string): number {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (match === null) return 0;
  return (Number(match[2]) * 60 + Number(match[3] ?? 0)) * (match[1] === "-" ? -1 : 1);
}

function named(names: readonly string[], index: number, count: number): string {
  const name = names[index] ?? "";
  return count < 4 ? name.slice(0, 3) : name;
}

/** The ISO week: it belongs to the year of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(date.getTime() + (3 - weekday) * day);
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / day / 7) + 1 };
}
