import { metricsByObjectType } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { randomFrom } from "../conservation/random.ts";
import { day, type Made, start } from "./audit-world.ts";

/**
 * How far an event of the year got. Those that Customer.io never sent, that the relay refused or that got lost after it are missing;
 * the rest is not.
 */
export type Fate =
  | "arrived"
  | "unsent"
  | "refused"
  | "lost"
  | "held"
  | "waiting"
  | "filtered"
  | "unsubscribed"
  | "young";

export interface YearEvent {
  readonly made: Made;
  readonly fate: Fate;
}

/** Unix seconds of the audit: the year ends the day before. */
export const afterYear = start + 366 * day;

/** The days in which the webhook was disabled. */
const silent = { from: start + 100 * day, to: start + 120 * day };

/** How often something happens to an event, in a thousand. */
const odds: readonly (readonly [Fate, number])[] = [
  ...([["unsent", 20] as const, ["refused", 20] as const, ["lost", 30] as const] as const),
  ["held", 10],
];

/** Metrics for which the App API has no time: an audit can't judge them. */
export const timeless: ReadonlySet<string> = new Set(["attempted", "deferred", "replied"]);

/** The filter and the subscription of the year. */
export const filtered = "slack";
export const unsubscribed = "sms_clicked";

/** A year of messages of all types, in the order in which things happened. */
export function makeYear(messagesOfType: number, seed: number): YearEvent[] {
  const random = randomFrom(seed);
  const types = Object.entries(metricsByObjectType).filter(([type]) => type !== "customer");
  const events = types.flatMap(([object_type, metrics]) =>
    Array.from({ length: messagesOfType }, (_, at) => {
      const created = start + Math.floor(((at + random()) / messagesOfType) * 364 * day);
      const chosen = at % 10 === 9 ? ["drafted"] : metrics.filter((metric) => metric !== "drafted" && random() < 0.6);
      return chosen.map((metric, step): Made => {
        const later = metric === "opened" || metric === "clicked" ? random() * 20 * day : step * 60;
        const data = { delivery_id: `${object_type}-${at}`, recipient: `person-${at}@example.org`, campaign_id: 7 };
        return { object_type, metric, timestamp: Math.floor(Math.min(created + later, start + 365 * day - 1)), data };
      });
    }).flat(),
  );
  return events
    .toSorted((one, other) => one.timestamp - other.timestamp)
    .map((made) => ({ made, fate: fateOf(made, random) }));
}

function fateOf({ object_type, metric, timestamp }: Made, random: () => number): Fate {
  if (object_type === filtered) return "filtered";
  if (`${object_type}_${metric}` === unsubscribed) return "unsubscribed";
  // The webhook sends them, and no record has them.
  if (timeless.has(metric)) return "arrived";
  if (timestamp >= silent.from && timestamp < silent.to) return "unsent";
  let dice = random() * 1000;
  const fate = odds.find(([, share]) => {
    dice -= share;
    return dice < 0;
  })?.[0];
  if (timestamp < afterYear - 7 * day) return fate ?? "arrived";
  // What Customer.io has not sent in the last week, it may still send.
  return random() < 0.2 ? "young" : "arrived";
}
