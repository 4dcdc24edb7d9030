import type { LineValues, OutcomeName, OutcomeNumber } from "../delivery/outcomes.ts";
import { unusual } from "../unusual.ts";
import { utcDateOf } from "../zoned-time.ts";

/** Counts that operators' commands write. */
export type OperatorCount = "purged" | "movedOut" | "movedIn";

/**
 * The relay's counts, which balance all events without a log: every accepted event is counted here, or is in a dead
 * letter or the queue, which can be read.
 *
 * | count | counts |
 * |---|---|
 * | `accepted` | events answered 2xx that went to the queue |
 * | `setAside` | signed bodies that went straight to a dead letter: not an event, or the relay failed on it |
 * | `filtered` | events that a filter left out |
 * | `unread` | of `accepted`, events that passed a filter because it could not read their property |
 * | `unknownAttributes` | of `accepted`, events with attributes that the event catalogue lacks |
 * | `refused` | calls without a valid signature, or with a body beyond the limit |
 * | `unsigned` | of `refused`, calls with neither of Customer.io's headers: strangers', unless a gateway removes them |
 * | `unavailable` | calls answered 503 |
 * | `delivered`, `duplicate`, `gone`, `dead` | results of events in the queue: see `fates` |
 * | `deliveredSeconds` | the sum of the ages of `delivered` events, in seconds |
 * | `retried`, `held` | each return of an event to the queue, not each event |
 * | `purged` | dead letters that an operator deleted |
 * | `movedOut`, `movedIn` | events and dead letters that an operator moved to another relay, or brought from one or from a backup |
 *
 * The commands of `customerio-aep` write the last three, not the relay.
 */
export const countNames = [
  "accepted",
  "setAside",
  "filtered",
  "unread",
  "unknownAttributes",
  "refused",
  "unsigned",
  "unavailable",
  "delivered",
  "deliveredSeconds",
  "duplicate",
  "gone",
  "dead",
  "retried",
  "held",
  "purged",
  "movedOut",
  "movedIn",
] as const satisfies readonly (OutcomeNumber | OperatorCount)[];

/**
 * When something happened last, in Unix seconds, stored beside the counts. They fit a table's 32-bit integer until 2038.
 *
 * | time | the last time that |
 * |---|---|
 * | `takenAt`, `refusedAt` | a call from Customer.io was accepted, or was refused |
 * | `deliveredAt` | Platform accepted an event |
 * | `heldAt` | events were held until an operator acts, as in the alert `held` |
 * | `lateAt` | an event that was not delivered had waited for an unusually long time, as in the alert `late` |
 * | `oldPutBackAt` | an event that the relay had received that long before went back to the queue: a replayed one too, and beside others that were delivered |
 */
export const timeNames = ["takenAt", "refusedAt", "deliveredAt", "heldAt", "lateAt", "oldPutBackAt"] as const;
export type TimeName = (typeof timeNames)[number];

export type Counts = Record<(typeof countNames)[number], number>;

export function noCounts(): Counts {
  return Object.fromEntries(countNames.map((name) => [name, 0])) as Counts;
}

/** The times that an outcome sets. An operator's test events and unsigned calls set none of a call: they don't come from Customer.io. */
export function timesOf(outcome: LineValues): TimeName[] {
  const is = (...names: OutcomeName[]) => names.some((name) => outcome.outcome === name);
  if (is("refused")) return outcome.unsigned === outcome.refused ? [] : ["refusedAt"];
  if (outcome.setAside !== undefined) return ["takenAt"];
  if (is("accepted", "filtered")) return outcome.tests === (outcome.accepted ?? outcome.filtered) ? [] : ["takenAt"];
  if (!is("forwarded", "waiting")) return [];
  const always = Number(outcome.putBackAgeSeconds) > unusual.waitSeconds ? (["oldPutBackAt"] as const) : [];
  if (Number(outcome.delivered ?? 0) > 0) return ["deliveredAt", ...always];
  return [
    ...always,
    ...(outcome.level === "error" && Number(outcome.held) > 0 ? (["heldAt"] as const) : []),
    ...(Number(outcome.oldestSeconds) > unusual.waitSeconds ? (["lateAt"] as const) : []),
  ];
}

/** Adds the counts in `more`; ignores everything else in it. */
export function addCounts(to: Counts, more: Readonly<Record<string, unknown>>): void {
  for (const name of countNames) {
    const count = more[name];
    if (typeof count === "number" && Number.isFinite(count)) to[name] += count;
  }
}

/** Days after which the rows of a day become one: see `foldCounts`. */
export const foldedAfterDays = 7;

/** The day that is this number of days earlier. */
export function daysBefore(time: Date, days: number): string {
  return utcDateOf(new Date(time.getTime() - days * 86_400_000));
}
