const units = [
  ["day", 24 * 60 * 60],
  ["hour", 60 * 60],
  ["minute", 60],
  ["second", 1],
] as const;

/** A time in its largest unit: `3 hours`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  const [unit, length] = units.find(([, size]) => seconds >= size) ?? ["second", 1];
  const number = Math.floor(seconds / length);
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
