import type { LogLevel, OutcomeNumber } from "./outcomes.ts";

interface FateProperties {
  /** The name of the field in the log line, and of the count. */
  readonly count: OutcomeNumber;
  /** The log level of the line that counts it. */
  readonly level: LogLevel;
  /** Whether the event is tried again. Otherwise it is finished, and its claim is deleted. */
  readonly comesAgain: boolean;
}

/** The possible results for an event that the forwarder takes from the queue. */
export const fates = {
  /** Platform has it. */
  delivered: { count: "delivered", level: "info", comesAgain: false },
  /** Platform already had the same event. */
  duplicate: { count: "duplicate", level: "info", comesAgain: false },
  /** Its claim is gone, or it is a dead letter: an earlier run, or another message with the same event, has finished it. */
  gone: { count: "gone", level: "warn", comesAgain: false },
  /** It is a dead letter, which has its own line. */
  dead: { count: "dead", level: "error", comesAgain: false },
  /** Platform is busy or failing; the same event may succeed later. */
  retry: { count: "retried", level: "warn", comesAgain: true },
  /** An operator has to fix the address, unless only this event is refused, or only for a while. */
  hold: { count: "held", level: "error", comesAgain: true },
} as const satisfies Record<string, FateProperties>;

export type Fate = keyof typeof fates;

/** The reason for a wait. */
export type WaitReason = { [Name in Fate]: (typeof fates)[Name]["comesAgain"] extends true ? Name : never }[Fate];

/** The counts of finished events. Dead letters are not included: a replay puts them back into the queue. */
export const settledCounts = Object.entries(fates).flatMap(([fate, properties]) =>
  properties.comesAgain || fate === "dead" ? [] : [properties.count],
);

/** The counts of returns to the queue. */
export const returnCounts = Object.values(fates).flatMap((fate) => (fate.comesAgain ? [fate.count] : []));

export function comesAgain(fate: Fate | "unsent"): fate is WaitReason {
  return fate !== "unsent" && fates[fate].comesAgain;
}

/** The highest of the levels; `info` for an empty list. */
export function loudestLevel(levels: Iterable<LogLevel>): LogLevel {
  const all = new Set(levels);
  return all.has("error") ? "error" : all.has("warn") ? "warn" : "info";
}
