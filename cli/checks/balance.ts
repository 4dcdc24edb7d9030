import { addCounts, type Counts } from "../../relay/core/counts/counts.ts";
import { returnCounts, settledCounts } from "../../relay/core/delivery/fates.ts";
import { type CommandTarget, operatorCommand } from "../../relay/core/operator-command.ts";
import { countOf } from "../output/count-of.ts";
import { formatDuration } from "../output/duration.ts";
import type { Finding } from "../output/finding.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { signingKeySteps } from "./calls.ts";
import { countQueue } from "./queue.ts";
import type { SharedAnswers } from "./shared-answers.ts";

/** Checks that every event that the relay accepted is in one of the places where it may be. */
export async function checkBalance(source: StackSource, answers: SharedAnswers): Promise<Finding> {
  const [{ total: own, days, countedAt, unknownPaths }, former, deadLetters, length] = await Promise.all([
    answers.counts(),
    RelayTables.openReplaced(source).then((replaced) => Promise.all(replaced.map((tables) => tables.readCounts()))),
    answers.deadLetters().then(({ total: letters }) => letters),
    countQueue(source),
  ]);
  // The dead letters and messages of replaced relays are among these, so their counts have to be too.
  const total = { ...own };
  for (const counts of former) addCounts(total, counts.total);
  const [since] = [days, ...former.map((counts) => counts.days)].flatMap((ofOne) => [...ofOne.keys()]).sort();
  const messages = (length?.events ?? 0) + (length?.poison ?? 0);
  return balanceFinding({ total, since, countedAt, unknownPaths, deadLetters, messages, target: source.target });
}

/**
 * Counts say how many events arrived and how many were handled. Dead letters and messages are counted again each time, so that a replay,
 * which moves the one into the other, does not change the balance.
 */
export function balanceFinding({
  total,
  since,
  countedAt,
  unknownPaths,
  deadLetters,
  messages,
  target,
}: {
  total: Counts;
  /** The first day that anything was counted. */
  since: string | undefined;
  /** When anything was counted last. */
  countedAt: Date | undefined;
  /** How many events had each attribute that the catalogue lacks. */
  unknownPaths: ReadonlyMap<string, number>;
  deadLetters: number;
  messages: number;
  target: CommandTarget;
}): Finding {
  if (since === undefined) return { verdict: "fine", found: "No event has arrived yet." };
  const { accepted, setAside, filtered, refused, unsigned, delivered, purged, movedIn, movedOut } = total;
  if (refused > unsigned && accepted + setAside + filtered === 0) {
    const found = `Since ${since}: ${countOf(refused, "call was", "calls were")} refused, and none has been accepted yet.`;
    return { verdict: "broken", runbook: "alert-refused", found, todo: signingKeySteps(target) };
  }
  const sumOf = (names: readonly (keyof Counts)[]) => names.reduce((sum, name) => sum + total[name], 0);
  const settled = sumOf(settledCounts);
  const rest = accepted + setAside + movedIn - settled - deadLetters - purged - movedOut;
  const named = settledCounts
    .filter((name) => total[name] > 0 || name !== "gone")
    .map((name) => `${total[name]} ${name}`);
  const sum =
    `Since ${since}: ${accepted} accepted${also(setAside, "set aside")}${also(movedIn, "moved here")} = ${named.join(" + ")} + ` +
    `${countOf(deadLetters, "dead letter")}${also(purged, "purged")}${also(movedOut, "moved to another relay")} + ${Math.max(0, rest)} on their way.`;
  const details = [
    ...(delivered > 0
      ? [`age at delivery: ${formatDuration((total.deliveredSeconds / delivered) * 1000)} on average`]
      : []),
    ...(countedAt ? [`last counted at ${countedAt.toISOString()}`] : []),
    `left out by filters: ${total.filtered}; calls refused (signature, size): ${total.refused}; calls answered 503: ${total.unavailable}; put back into the queue: ${countOf(sumOf(returnCounts), "time")}`,
    ...unknownDetails(total.unknownAttributes, unknownPaths, target),
    ...(total.unread > 0
      ? [`events that passed a filter because the value that it tests could not be read: ${total.unread}`]
      : []),
  ];
  if (rest === 0 && messages === 0) return { verdict: "fine", found: sum, details };
  if (rest > 0 && messages > 0) return { verdict: "waiting", found: sum, details };
  // Each instance writes its counts some seconds after the events, at its own time.
  const early = rest < 0 ? [`${-rest} more were handled than counted as accepted so far.`] : [];
  return {
    verdict: "waiting",
    found: sum,
    details: [
      ...details,
      ...early,
      `The queue holds ${countOf(messages, "message")}. Counts are up to 15 seconds late. If this does not change, an instance was killed and lost`,
      "its last counts. The log lists every event by its id.",
    ],
  };
}

function also(events: number, words: string): string {
  return events > 0 ? ` + ${events} ${words}` : "";
}

/** Maximum number of paths that `status` names; the row's field `unknown` has all of them. */
const mostNamed = 10;

function unknownDetails(events: number, paths: ReadonlyMap<string, number>, target: CommandTarget): string[] {
  if (events === 0) return [];
  const sorted = [...paths].sort(([one, count], [other, more]) => more - count || (one < other ? -1 : 1));
  const named = sorted.slice(0, mostNamed).map(([path, count]) => `${path} (${count})`);
  const more = sorted.length > mostNamed ? [`${sorted.length - mostNamed} more`] : [];
  return [
    `events with attributes that this package does not know: ${events}${named.length > 0 ? `: ${[...named, ...more].join(", ")}` : ""}`,
    "The row's field unknown lists them, and no field has their values until the setting mapping maps them. To see what such an event",
    `becomes, put it into a file: ${operatorCommand("preview --samples <file>", target)}`,
  ];
}
