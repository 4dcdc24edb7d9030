const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fractions = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

/** `12,345`, or a dash for what could not be read. */
export function formatCount(value) {
  return value === undefined || value === null ? "–" : numbers.format(value);
}

export function formatRate(value) {
  if (value === undefined || value === null) return "–";
  return value > 0 && value < 10 ? fractions.format(value) : numbers.format(value);
}

/** Milliseconds in the largest unit: `3 h`. */
export function formatAge(value) {
  if (value === undefined || value === null) return "–";
  const [unit, length] = units.find(([, size]) => value >= size) ?? ["s", 1000];
  return `${Math.floor(value / length)} ${unit}`;
}

export function formatFigure({ value, unit }) {
  if (unit === "milliseconds") return formatAge(value);
  return unit === "perMinute" ? formatRate(value) : formatCount(value);
}

/** The time of day, with the date if it is not today. */
export function formatTime(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString() : date.toLocaleString();
}

/** Seconds and milliseconds of a time only make it harder to read. */
export function shortenTimes(text) {
  return text.replaceAll(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*Z/g, "$1 $2 UTC");
}
