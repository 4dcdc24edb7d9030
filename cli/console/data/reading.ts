import type { Counts } from "../../../relay/core/counts/counts.ts";
import { waitingSince } from "../../../relay/core/event/envelope.ts";
import { utcDateOf } from "../../../relay/core/zoned-time.ts";
import { countQueue } from "../../checks/queue.ts";
import { RelayStorageAccount } from "../../relay/relay-storage.ts";
import { RelayTables } from "../../relay/relay-tables.ts";
import type { StackSource } from "../../stack/source.ts";

/** What the relay's storage says at one time. What could not be read is undefined. */
export interface RelayReading {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** All that was ever counted. */
  readonly total: Counts | undefined;
  /** What was counted on this UTC day. */
  readonly today: Counts | undefined;
  /** Milliseconds since a call of Customer.io was accepted last. */
  readonly takenAgo: number | undefined;
  /** Messages in the queue, hidden ones included. */
  readonly messages: number | undefined;
  /** Milliseconds that the oldest visible event has waited; 0 if none is visible. */
  readonly oldest: number | undefined;
  /** Milliseconds since a forwarder sent anything. */
  readonly sentAgo: number | undefined;
  readonly deadLetters: number | undefined;
  /** Why something could not be read, for users. */
  readonly problems: readonly string[];
}

/** Reads the relay's counts, queue and dead letters. Never throws. */
export async function readRelay(source: StackSource): Promise<RelayReading> {
  const problems = new Set<string>();
  const attempt = <T>(work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      problems.add(error instanceof Error ? error.message : String(error));
      return undefined;
    });
  const at = Date.now();
  const tables = RelayTables.open(source);
  const storage = RelayStorageAccount.open(source);
  const [counts, sentAgo, queue, waiting, letters] = await Promise.all([
    attempt(tables.then((opened) => opened.readCounts())),
    attempt(tables.then((opened) => opened.readSentAgo())),
    attempt(countQueue(source)),
    attempt(storage.then((opened) => opened.peekEvents())),
    attempt(storage.then((opened) => opened.findNewestDeadLetters(1))),
  ]);
  return {
    at,
    total: counts?.total,
    today: counts?.days.get(utcDateOf(new Date(at))),
    sentAgo,
    takenAgo: counts?.takenAt && at - counts.takenAt.getTime(),
    messages: queue && queue.events + queue.poison,
    oldest: waiting && Math.max(0, ...waiting.map((event) => at - waitingSince(event))),
    deadLetters: letters?.total,
    problems: [...problems],
  };
}
