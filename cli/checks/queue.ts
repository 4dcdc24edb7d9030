import { type QueuedEvent, waitingSince } from "../../relay/core/event/envelope.ts";
import { eventQueues, relayQueuesAmong } from "../../relay/core/names.ts";
import { type CommandTarget, operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { unusual } from "../../relay/core/unusual.ts";
import { azureOf, startTimeLimit } from "../clients.ts";
import { countOf } from "../output/count-of.ts";
import { formatDuration } from "../output/duration.ts";
import type { Finding } from "../output/finding.ts";
import { formatMinute } from "../output/minute.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { type RelayCounts, RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { holdEndOf } from "../stack/source-settings.ts";
import { redeployCommand } from "./relay.ts";
import type { SharedAnswers } from "./shared-answers.ts";

/**
 * Milliseconds within which the relay tries again what waits: an event waits for an hour at most, and for another one if Platform asks for it.
 */
export const longestPause = 2 * 60 * 60 * 1000;

/** Milliseconds before a late event in which none was delivered, as in the alert `late`: while a backlog is delivered, many are late. */
const quietTime = 15 * 60 * 1000;

/** How many messages queues hold, of events and of failed messages. */
export interface QueueCount {
  readonly events: number;
  readonly poison: number;
}

/**
 * How many messages the queues of the relay hold, and those of replaced relays that still exist; undefined if one of the relay's own queues
 * is gone.
 *
 * @returns `former`: how many of them replaced relays hold
 */
export async function countQueue(source: StackSource): Promise<(QueueCount & { readonly former: number }) | undefined> {
  const needed = eventQueues(source.eventQueues).flatMap(({ events, poison }) => [events, poison]);
  const [own, ...replaced] = await Promise.all([
    countAccount(source, source.storageAccount.id, needed),
    ...source.replacedStorageAccounts.map(({ id }) => countAccount(source, id, [])),
  ]);
  if (own === undefined) return undefined;
  const all = [own, ...replaced].filter((count) => count !== undefined);
  const sumOf = (name: keyof QueueCount) => all.reduce((sum, count) => sum + count[name], 0);
  const [events, poison] = [sumOf("events"), sumOf("poison")];
  return { events, poison, former: events + poison - own.events - own.poison };
}

/** @returns undefined if one of the needed queues is gone */
async function countAccount(
  source: StackSource,
  id: string,
  needed: readonly string[],
): Promise<QueueCount | undefined> {
  const client = azureOf(source);
  const names = (await client.listQueueNames(id, startTimeLimit())) ?? [];
  if (!needed.every((name) => names.includes(name))) return undefined;
  const lengthOf = async (name: string) => {
    return (await client.readQueue(`${id}/queueServices/default/queues/${name}`, startTimeLimit()))?.length ?? 0;
  };
  const sumOf = async (queues: readonly string[]) => {
    return (await Promise.all(queues.map(lengthOf))).reduce((sum, length) => sum + length, 0);
  };
  const { events, poison } = relayQueuesAmong(names);
  return { events: await sumOf(events), poison: await sumOf(poison) };
}

/** Checks whether events wait for delivery, since when, and why. */
export async function checkQueue(source: StackSource, answers: SharedAnswers): Promise<Finding> {
  const length = await countQueue(source);
  if (length === undefined) {
    const todo = pulumiCommand("up --refresh", source.target);
    return {
      verdict: "broken",
      runbook: "finding-queue-deleted",
      found: "A queue of the relay was deleted.",
      todo,
    };
  }
  const { events: messages, poison, former } = length;
  if (messages + poison === 0) return { verdict: "fine", found: "Nothing waits." };
  const [queues, sentAgo, times] = await Promise.all([
    RelayStorageAccount.open(source).then((storage) => storage.peekQueues()),
    RelayTables.open(source).then((tables) => tables.readSentAgo()),
    answers.counts(),
  ]);
  const { urn } = source.resource("customerio-aep:index:FunctionCode");
  const now = new Date();
  const readyAt = holdEndOf(source, now);
  return queueFinding({
    messages,
    poison,
    former,
    queues,
    sentAgo,
    times,
    readyAt,
    now,
    target: source.target,
    code: urn,
  });
}

/** What is known about the queues. */
interface QueueLook {
  readonly messages: number;
  readonly poison: number;
  /** How many of both replaced relays hold, whose queues have their accounts' names. */
  readonly former?: number;
  /** By queue, events in messages that are visible, that is, not hidden until their next attempt. */
  readonly queues: ReadonlyMap<string, readonly QueuedEvent[]>;
  /** Milliseconds since any instance sent something to Platform; undefined if none did recently. */
  readonly sentAgo: number | undefined;
  /** What the relay has counted: hidden messages can't be read. */
  readonly times: Pick<RelayCounts, "deliveredAt" | "heldAt" | "lateAt">;
  /** Until when the relay sends nothing after a change of the dataflow. */
  readonly readyAt?: Date | undefined;
  readonly now: Date;
}

/** @param code the URN of the relay's code */
export function queueFinding(look: QueueLook & { readonly target: CommandTarget; readonly code: string }): Finding {
  const { messages, queues, sentAgo, readyAt, now, target, code } = look;
  const { deliveredAt, heldAt, lateAt } = look.times;
  const waiting = [...queues.values()].flat();
  const reasons = [...new Set(waiting.flatMap(({ lastError }) => lastError ?? []))].slice(0, 3);
  const { found, details } = describeQueue(look, reasons);
  if (look.former) {
    const where = `in the queues of a relay that was replaced: ${countOf(look.former, "message")}`;
    details.push(`${where}. It delivers them; ${pulumiCommand("up", target)} waits for that, and ends the replacement`);
  }
  if (readyAt !== undefined) return { verdict: "waiting", found: `${found} ${explainHold(readyAt)}`, details };
  // A message that is hidden can't be read, so that only the log has the reason.
  const see = `To see why the last attempts failed: ${operatorCommand("tail --since 60 --once", target)}`;
  // An older one says nothing: since then, no forwarder has tried.
  const lasts = (at: Date | undefined, quiet = 0) =>
    messages > 0 &&
    at !== undefined &&
    at.getTime() - (deliveredAt?.getTime() ?? 0) > quiet &&
    now.getTime() - at.getTime() < longestPause;
  if (lasts(heldAt)) {
    return {
      verdict: "broken",
      runbook: "alert-held",
      found: `${found} The relay holds them, since Platform refuses it, or a setting can't be used.`,
      details: [...details, `last held: ${heldAt?.toISOString()}`],
      todo: `${pulumiCommand("up --refresh", target)} repairs the dataflow; the first delivery after that may take ten minutes. ${see}`,
    };
  }
  const isOld = longestWait(waiting, now) >= unusual.waitSeconds * 1000;
  // Events that wait for their next attempt can't be read, and may be older.
  if (!isOld && !lasts(lateAt, quietTime)) {
    return { verdict: "waiting", found, details, ...(waiting.length === 0 && { todo: see }) };
  }
  if (isOld && (sentAgo === undefined || sentAgo > longestPause)) {
    const silent =
      sentAgo === undefined
        ? "none has sent anything recently"
        : `none has sent anything for ${formatDuration(sentAgo)}`;
    return {
      verdict: "broken",
      runbook: "alert-untaken",
      found: `${found} No forwarder takes them: ${silent}.`,
      details,
      todo: redeployCommand(target, code),
    };
  }
  const remedy = remedyFor(reasons, target);
  return {
    verdict: "broken",
    runbook: "alert-late",
    found: isOld ? found : `${found} Some of the events have waited for more than an hour.`,
    details,
    todo: reasons.length > 0 ? remedy : `${remedy} ${see}`,
  };
}

/** What waits, and for how long. */
function describeQueue(
  { messages, poison, queues, times: { deliveredAt }, now }: QueueLook,
  reasons: readonly string[],
): { found: string; details: string[] } {
  const ageOf = (events: readonly QueuedEvent[]) => `the oldest event for ${formatDuration(longestWait(events, now))}`;
  const waiting = [...queues.values()].flat();
  const seen = waiting.length === 0 ? "all hidden until their next attempt" : ageOf(waiting);
  const dying =
    poison > 0 ? `; ${countOf(poison, "is about to become a dead letter", "are about to become dead letters")}` : "";
  // If the forwarder of one of several queues does not run, that queue is older than the others.
  const ages = [...queues].map(
    ([name, events]) => `${name}: ${events.length === 0 ? "nothing visible" : ageOf(events)}`,
  );
  return {
    found: `About ${countOf(messages, "message waits", "messages wait")}, each with one or more events, ${seen}${dying}.`,
    details: [
      ...reasons.map((reason) => `the last attempt: ${reason}`),
      ...(queues.size > 1 ? ages : []),
      ...(deliveredAt ? [`last delivery: ${deliveredAt.toISOString()}`] : []),
    ],
  };
}

/** Why events wait although nothing is wrong. */
export function explainHold(until: Date): string {
  return `The relay sends none before ${formatMinute(until)}, since Platform needs time after a change of the dataflow.`;
}

/** Milliseconds for which the event with the longest wait has waited. */
function longestWait(events: readonly QueuedEvent[], now: Date): number {
  return Math.max(0, ...events.map((event) => now.getTime() - waitingSince(event)));
}

/** What helps depends on how Platform refused the last attempts. */
function remedyFor(reasons: readonly string[], target: CommandTarget): string {
  const has = (status: RegExp) => reasons.some((reason) => status.test(reason));
  if (has(/HTTP 429/)) {
    return (
      "HTTP 429: Platform throttles. The relay slows down by itself, and no event is lost. If it lasts, more events arrive than the " +
      "organization's limit allows, or its other sources use it up: ask Adobe for a higher one."
    );
  }
  if (has(/HTTP 40[134]/)) {
    return `The dataflow was changed or deleted, or its credential no longer works. Repair it: ${pulumiCommand("up --refresh", target)}. No event is lost.`;
  }
  return (
    "Platform is down, or accepts fewer events than arrive; see https://status.adobe.com. The relay keeps trying for 7 days, and no event is " +
    "lost until then."
  );
}
