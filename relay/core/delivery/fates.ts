import type { LogLevel, OutcomeNumber } from "./outcomes.ts";

/** How long an event waits before it is tried again. */
interface Wait {
  /** Seconds: the longest wait after the first failure, doubled by each further one up to the cap. */
  readonly base: number;
  readonly cap: number;
}

interface FateProperties {
  /** The name of the field in the log line, and of the count. */
  readonly count: OutcomeNumber;
  /** The log level of the line that counts it. */
  readonly level: LogLevel;
  /** Whether the event's claim is deleted because nothing needs it. */
  readonly endsClaim: boolean;
  /** Absent: the event is not tried again. */
  readonly wait?: Wait;
}

/** The possible results for an event that the forwarder takes from the queue. */
export const fates = {
  /** Platform has it. */
  delivered: { count: "delivered", level: "info", endsClaim: true },
  /** Platform already had the same event. */
  duplicate: { count: "duplicate", level: "info", endsClaim: true },
  /** Its claim is gone: an earlier run of the same message has finished it. */
  gone: { count: "gone", level: "warn", endsClaim: false },
  /** It is a dead letter, which has its own line. */
  dead: { count: "dead", level: "error", endsClaim: true },
  /** Platform is busy or failing; the same event may succeed later. */
  retry: { count: "retried", level: "warn", endsClaim: false, wait: { base: 2, cap: 3600 } },
  // An operator has to fix the reason for which an event is held, so trying again soon is useless.
  hold: { count: "held", level: "error", endsClaim: false, wait: { base: 300, cap: 3600 } },
} as const satisfies Record<string, FateProperties>;

export type Fate = keyof typeof fates;

/** The reason for a wait. */
export type WaitReason = { [Name in Fate]: (typeof fates)[Name] extends { readonly wait: Wait } ? Name : never }[Fate];

/** The counts of finished events. Dead letters are not included: a replay puts them back into the queue. */
export const settledCounts = Object.entries(fates).flatMap(([fate, { count, ...more }]) =>
  "wait" in more || fate === "dead" ? [] : [count],
);

/** The counts of returns to the queue. */
export const returnCounts = Object.values(fates).flatMap((fate) => ("wait" in fate ? [fate.count] : []));

export function comesAgain(fate: Fate | "unsent"): fate is WaitReason {
  return fate !== "unsent" && "wait" in fates[fate];
}

/** The highest of the levels; `info` for an empty list. */
export function loudestLevel(levels: Iterable<LogLevel>): LogLevel {
  const all = new Set(levels);
  return all.has("error") ? "error" : all.has("warn") ? "warn" : "info";
}
