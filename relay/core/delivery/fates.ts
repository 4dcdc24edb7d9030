import type { LogLevel, OutcomeNumber } from "./outcomes.ts";

/** How an event waits that comes again. */
interface Wait {
  /** Seconds: the longest wait after the first failure, doubled by each further one up to the cap. */
  readonly base: number;
  readonly cap: number;
  /** Milliseconds: the least time between two probes while Platform is away for this. */
  readonly probe: number;
}

interface FateProperties {
  /** The field of the log's line, and the count, that say how many there are. */
  readonly count: OutcomeNumber;
  /** How loud the line is that counts one. */
  readonly level: LogLevel;
  /** Whether the event's claim is deleted, since nobody needs it any more. */
  readonly endsClaim: boolean;
  /** Absent: the event does not come again. */
  readonly wait?: Wait;
}

/** What can become of an event that the forwarder takes from the queue. */
export const fates = {
  /** Platform has it. */
  delivered: { count: "delivered", level: "info", endsClaim: true },
  /** Platform had the same event already. */
  duplicate: { count: "duplicate", level: "info", endsClaim: true },
  /** Its claim is gone, so an earlier run of the same message was done with it. */
  gone: { count: "gone", level: "warn", endsClaim: false },
  /** It is a dead letter, which has a line of its own. */
  dead: { count: "dead", level: "error", endsClaim: true },
  /** Platform is busy or ill; the same event may do later. */
  retry: { count: "retried", level: "warn", endsClaim: false, wait: { base: 2, cap: 3600, probe: 500 } },
  // Somebody has to fix what an event is held for, so asking again soon is of no use.
  hold: { count: "held", level: "error", endsClaim: false, wait: { base: 300, cap: 3600, probe: 1000 } },
} as const satisfies Record<string, FateProperties>;

export type Fate = keyof typeof fates;

/** What a wait is for. */
export type WaitReason = { [Name in Fate]: (typeof fates)[Name] extends { readonly wait: Wait } ? Name : never }[Fate];

/** The counts of what the relay is done with. Dead letters are none of it: a replay puts them back into the queue. */
export const settledCounts = Object.entries(fates).flatMap(([fate, { count, ...more }]) =>
  "wait" in more || fate === "dead" ? [] : [count],
);

export function comesAgain(fate: Fate | "unsent"): fate is WaitReason {
  return fate !== "unsent" && "wait" in fates[fate];
}

/** The loudest of the levels; `info` without any. */
export function loudestLevel(levels: Iterable<LogLevel>): LogLevel {
  const all = new Set(levels);
  return all.has("error") ? "error" : all.has("warn") ? "warn" : "info";
}
