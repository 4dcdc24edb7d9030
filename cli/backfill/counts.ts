/** What a backfill has done so far. */
export interface BackfillCounts {
  /** Events that are in the relay's queue or in the batch now. */
  sent: number;
  /** Of a backfill by batch: events that are in the relay's queue, to compare both ways. */
  streamed: number;
  /** `sent` by kind, such as `email opened`. */
  readonly kinds: Map<string, number>;
  /** How many can't be sent, by reason. */
  readonly impossible: Map<string, number>;
}

export function countOne(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

export function sumOf(map: ReadonlyMap<string, number>): number {
  return [...map.values()].reduce((sum, count) => sum + count, 0);
}

/**
 * The counts of some metrics.
 *
 * @param counts by kind, such as `email opened`
 * @param metrics undefined: all
 */
export function ofMetrics(
  counts: ReadonlyMap<string, number>,
  metrics: readonly string[] | undefined,
): ReadonlyMap<string, number> {
  if (metrics === undefined) return counts;
  return new Map([...counts].filter(([kind]) => metrics.includes(kind.slice(kind.lastIndexOf(" ") + 1))));
}
