/** The quantile of values for a share: 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Does something several times, one after the other. @returns the results in order */
export async function repeat<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let time = 0; time < times; time++) results.push(await work());
  return results;
}

/** A line of the table: what was measured, the result, and the target. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly target?: string;
}

/** The figures in columns. */
export function table(figures: readonly Figure[]): string {
  const rows = [{ what: "what", value: "measured", target: "target" }, ...figures];
  const width = (key: "what" | "value") => Math.max(...rows.map((row) => row[key].length));
  return rows
    .map(({ what, value, target = "" }) =>
      `${what.padEnd(width("what"))}  ${value.padStart(width("value"))}  ${target}`.trimEnd(),
    )
    .join("\n");
}
