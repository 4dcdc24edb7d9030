import { isObject } from "../event/json.ts";

/** Number of events with each attribute that the event catalogue lacks, by the attribute's path. */
export type PathCounts = Map<string, number>;

/**
 * Maximum number of paths that an instance keeps per day. As JSON, even the longest paths, with every character escaped, fit a string of
 * the Table service: at most 32 Ki characters ("Understanding the Table service data model" in Microsoft Learn).
 */
const mostCountedPaths = 50;

/**
 * Adds the numbers by path in `more`; ignores everything else.
 *
 * @param most the maximum number of paths; events with further paths are still in the count `unknownAttributes`
 */
export function addPathCounts(to: PathCounts, more: unknown, most = mostCountedPaths): void {
  if (!isObject(more)) return;
  for (const [path, count] of Object.entries(more)) {
    if (typeof count !== "number" || !Number.isFinite(count)) continue;
    const before = to.get(path);
    if (before !== undefined || to.size < most) to.set(path, (before ?? 0) + count);
  }
}

/** The paths with the highest counts that fit into a row. */
export function mostFrequentPaths(counts: PathCounts): PathCounts {
  return new Map([...counts].toSorted(([, one], [, other]) => other - one).slice(0, mostCountedPaths));
}

/** The property of a row of counts; empty if there are no paths. */
export function pathCountsProperty(counts: PathCounts): { readonly unknownPaths?: string } {
  return counts.size === 0 ? {} : { unknownPaths: JSON.stringify(Object.fromEntries(counts)) };
}

/** Adds the paths of a row of counts; rows of earlier versions have none. */
export function addWrittenPathCounts(to: PathCounts, row: Readonly<Record<string, unknown>>): void {
  if (typeof row.unknownPaths !== "string") return;
  try {
    addPathCounts(to, JSON.parse(row.unknownPaths), Number.POSITIVE_INFINITY);
  } catch {
    // No relay wrote this value; the row's counts are still readable.
  }
}
