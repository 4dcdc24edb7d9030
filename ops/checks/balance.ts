import type { Counts } from "../../relay/core/counts.ts";
import { inWords } from "../duration.ts";
import type { Finding } from "../finding.ts";
import type { PulumiStack } from "../pulumi-stack.ts";
import { RelayStorageAccount } from "../relay-storage.ts";
import { RelayTables } from "../relay-tables.ts";
import { copyKeyAnew } from "./calls.ts";
import { queueLength } from "./queue.ts";

/** Whether every event that the relay took in is in one of the places where it may be. */
export async function checkBalance(stack: PulumiStack): Promise<Finding> {
  const [{ total, days, countedAt }, deadLetters, length] = await Promise.all([
    RelayTables.open(stack).then((tables) => tables.counts()),
    RelayStorageAccount.open(stack).then(async (storage) => (await storage.deadLetters()).length),
    queueLength(stack),
  ]);
  const [since] = days.keys();
  const messages = (length?.events ?? 0) + (length?.poison ?? 0);
  return balanceFinding({ total, since, countedAt, deadLetters, messages, stack: stack.name });
}

/**
 * Counts tell how many came in and how many are done with; dead letters and messages are looked at, so that a replay, which empties
 * the one into the other, leaves the balance as it is.
 */
export function balanceFinding({
  total,
  since,
  countedAt,
  deadLetters,
  messages,
  stack,
}: {
  total: Counts;
  /** The first day that anything was counted. */
  since: string | undefined;
  /** When anything was counted last. */
  countedAt: Date | undefined;
  deadLetters: number;
  messages: number;
  stack: string;
}): Finding {
  if (since === undefined) return { verdict: "fine", found: "No event has come yet." };
  const { accepted, setAside, filtered, refused, delivered, duplicate, gone, purged } = total;
  if (refused > 0 && accepted + setAside + filtered === 0) {
    const found = `Since ${since}: ${refused} calls were refused, and none was ever accepted.`;
    return { verdict: "broken", found, todo: copyKeyAnew(stack) };
  }
  const rest = accepted + setAside - delivered - duplicate - gone - deadLetters - purged;
  const sum =
    `Since ${since}: ${accepted} accepted${setAside > 0 ? ` + ${setAside} set aside` : ""} = ${delivered} delivered + ` +
    `${duplicate} duplicate${gone > 0 ? ` + ${gone} gone` : ""} + ${deadLetters} dead letters + ${purged > 0 ? `${purged} purged + ` : ""}${Math.max(0, rest)} on their way.`;
  const details = [
    ...(delivered > 0 ? [`age at delivery: ${inWords((total.deliveredSeconds / delivered) * 1000)} on average`] : []),
    ...(countedAt ? [`counted last at ${countedAt.toISOString()}`] : []),
    `left out by filters: ${total.filtered}; calls refused (signature, size): ${total.refused}; calls answered 503: ${total.unavailable}; put back into the queue: ${total.retried + total.held} times`,
    ...(total.unknownAttributes > 0
      ? [
          `events with attributes that this package does not know: ${total.unknownAttributes}; the row's field unknown names them, and the setting mapping can bring them into the row`,
        ]
      : []),
    ...(total.unread > 0
      ? [`events that passed a filter because what it asks for could not be read: ${total.unread}`]
      : []),
  ];
  if (rest === 0 && messages === 0) return { verdict: "fine", found: sum, details };
  if (rest > 0 && messages > 0) return { verdict: "waiting", found: sum, details };
  // Counts are written some seconds after what they tell of, each instance's at another time.
  const early = rest < 0 ? [`${-rest} more are done with than were counted as accepted so far.`] : [];
  return {
    verdict: "waiting",
    found: sum,
    details: [
      ...details,
      ...early,
      `The queue holds ${messages} messages. Counts come some 15 seconds late; if it stays like this, an instance that was killed took`,
      "its last counts with it. The log has each event by its id.",
    ],
  };
}
