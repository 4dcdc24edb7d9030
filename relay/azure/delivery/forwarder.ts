import type { InvocationContext, StorageQueueHandler } from "@azure/functions";
import { comesAgain, type Fate, fates, loudestLevel, type WaitReason } from "../../core/delivery/fates.ts";
import type { LogLevel, Outcome, OutcomeNumber } from "../../core/delivery/outcomes.ts";
import { isOverdue, retryDelaySeconds, secondsUntil } from "../../core/delivery/retry-schedule.ts";
import { decodeEnvelope, encodeEnvelopes, type QueuedEvent, waitingSince } from "../../core/event/envelope.ts";
import { describeError, lineByLine, logOutcome, type RelayLog } from "../log.ts";
import type { BodyRoom } from "../storage/body-room.ts";
import { deleteClaims } from "../storage/claims.ts";
import { type RelayStorageClient, storageTimeout } from "../storage/storage.ts";
import { type DeliveryResult, deliverAll, giveUp, hasFailed } from "./deliver.ts";
import type { Duplicates } from "./duplicates.ts";
import type { Fence } from "./fence.ts";
import type { Sender } from "./paced-client.ts";
import { buryUnreadable } from "./unreadable.ts";

/** Seconds for which a message waits at most while a setting can't be used: a change of settings starts the instances again. */
const longestWaitForSettings = 300;

/** Where to send events, and the time from which to send them; or what is wrong with the settings. */
export type ForwarderTarget =
  | { readonly client: Sender; readonly readyAt: Date | undefined }
  | { readonly problem: string };

export interface ForwarderPorts {
  /**
   * The queue from which the messages come, and to which events go back: a drain that counts the queues one by one must not miss an event that
   * moves.
   */
  readonly queue: string;
  readonly target: ForwarderTarget;
  readonly storage: Pick<RelayStorageClient, "enqueue" | "readClaim" | "deleteClaim" | "putDeadLetter">;
  /** For the bodies that are not in the message. */
  readonly room: BodyRoom;
  readonly duplicates: Duplicates;
  /** Why this instance must not send now. */
  readonly fence: Fence;
  readonly clock: () => Date;
  /** At least 0, and less than 1. */
  readonly random: () => number;
  /** By default a line for each outcome. */
  readonly log?: RelayLog;
}

/**
 * A queue of events: sends each event of a message to Platform.
 *
 * The queue trigger has no back-off, so the forwarder retries by itself: it puts events that Platform did not accept
 * back into the queue, in a new message that stays hidden for a growing time, and completes the current message. So
 * delivered events aren't sent again.
 *
 * If the run ends early, the host hands out the message again, after 30 s if this function threw, otherwise after its
 * lease of 10 minutes:
 *
 * - before, during or after the sends: what was delivered and not noted yet is sent again, under the same `_id`;
 * - after undelivered events went back to the queue: they are in two messages, and may be delivered twice;
 * - after a dead letter was written: it is overwritten by the same one;
 * - after a claim was deleted: its event is known to be finished, and is skipped.
 *
 * @throws if the events could neither be delivered nor put back. After the host's fifth try the message is poison.
 */
export function forwarderHandler({
  queue,
  target,
  storage,
  room,
  duplicates,
  fence,
  clock,
  random,
  log = lineByLine,
}: ForwarderPorts): StorageQueueHandler {
  const putBack = async (events: readonly QueuedEvent[], delaySeconds: number): Promise<void> => {
    try {
      for (const message of encodeEnvelopes(events.map((event) => ({ ...event, putBack: true as const })))) {
        await storage.enqueue(message, { queue, delaySeconds, signal: AbortSignal.timeout(storageTimeout) });
      }
    } catch (error) {
      throw new Error(
        `${events.length} event(s) could not be put back into the queue; the host will run the message again: ${describeError(error)}`,
      );
    }
  };

  /** Puts back the events to try again, and deletes the claims of the rest. */
  const settle = async (
    deliveries: readonly DeliveryResult[],
    turns: readonly ComingTurn[],
    context: InvocationContext,
  ): Promise<void> => {
    for (const { events, delaySeconds } of turns) await putBack(events, delaySeconds);
    const isDone = ({ fate }: DeliveryResult) => fate !== "unsent" && !comesAgain(fate);
    await deleteClaims(
      deliveries.filter(isDone).map(({ event }) => event),
      storage,
      context,
    );
  };

  /** Puts all events back, except for those that have waited for too long. */
  const postpone = async (
    events: readonly QueuedEvent[],
    { level, seconds: delaySeconds, why: reason, isPause = false }: Standstill,
    context: InvocationContext,
  ): Promise<void> => {
    const deliveries = await Promise.all(
      events.map(async (event): Promise<DeliveryResult> => {
        if (!isOverdue(event, clock())) return { fate: "unsent", event };
        return giveUp(event, reason, { storage, room, clock });
      }),
    );
    const waiting = deliveries.filter((delivery) => delivery.fate === "unsent" || hasFailed(delivery));
    const again = waiting.map(({ event }) => event);
    const turns = again.length > 0 ? [{ events: again, delaySeconds }] : [];
    await settle(deliveries, turns, context);
    const { length: held } = waiting;
    const goneIds = idsOf(deliveries, "gone");
    reportDead(deliveries, context);
    logOutcome(
      context,
      {
        outcome: "waiting",
        level,
        held,
        ...(isPause && { paused: held }),
        ...(goneIds.length > 0 && { gone: goneIds.length, goneIds }),
        delaySeconds,
        oldestSeconds: longestWait(again, clock()),
        ...putBackAge(again, clock()),
        reason,
      },
      log,
    );
  };

  const forward = async (events: readonly QueuedEvent[], client: Sender, context: InvocationContext): Promise<void> => {
    const deliveries = await deliverAll(events, {
      platform: client,
      storage,
      room,
      duplicates,
      // The host always reports how often it handed out the message; without that, nothing is known.
      isRedelivered: Number(context.triggerMetadata?.dequeueCount ?? 2) > 1,
      onTrouble: (reason) => logOutcome(context, { outcome: "duplicatesUnknown", reason }, log),
      clock,
    });
    const turns = comingTurns(deliveries, client, random);
    await settle(deliveries, turns, context);
    reportDead(deliveries, context);
    logOutcome(context, outcomeOf(deliveries, turns, clock()), log);
  };

  return async (message, context) => {
    const envelope = decodeEnvelope(message);
    if (!envelope.readable) return buryUnreadable(envelope, context, { storage, clock });
    const { events } = envelope;
    const fenced = await fence();
    if (fenced) return postpone(events, { level: "warn", ...fenced }, context);
    const way = standstillOf(target, events, { clock, random });
    return "why" in way ? postpone(events, way, context) : forward(events, way.client, context);
  };
}

/** Events that go back to the queue in the same message. */
interface ComingTurn {
  readonly events: QueuedEvent[];
  readonly delaySeconds: number;
}

/**
 * When to try undelivered events again. While other events pass, each failed event waits on its own, longer after each
 * failure; events with the same number of failures share a message. While Platform accepts nothing, no event is to
 * blame, and all wait for Platform.
 */
function comingTurns(
  deliveries: readonly DeliveryResult[],
  client: Pick<Sender, "isAway" | "millisecondsToProbe" | "forgivenFailures">,
  random: () => number,
): ComingTurn[] {
  const turns = new Map<string, ComingTurn>();
  const add = (key: string, event: QueuedEvent, delay: () => number) => {
    const turn = turns.get(key) ?? { events: [], delaySeconds: delay() };
    turns.set(key, turn);
    turn.events.push(event);
  };
  for (const delivery of deliveries) {
    const { event } = delivery;
    if (delivery.fate === "unsent") {
      add(`unsent ${event.attempts > 0}`, event, () => delivery.pause?.seconds ?? 0);
    } else if (hasFailed(delivery)) {
      const { retryAfter, isOutage } = delivery;
      // Only a few have failed, so they need not be spread out.
      if (isOutage || client.isAway) {
        add("away", event, () => Math.max(1, Math.ceil(client.millisecondsToProbe(event.attempts) / 1000)));
      } else {
        const { attempts } = event;
        const { forgivenFailures: forgiven } = client;
        add(`${attempts} ${retryAfter}`, event, () =>
          retryDelaySeconds({ attempts, forgiven, retryAfter, random: random() }),
        );
      }
    }
  }
  return [...turns.values()];
}

interface Standstill {
  readonly level: LogLevel;
  readonly seconds: number;
  readonly why: string;
  /** Whether Platform is down and may come back by itself. */
  readonly isPause?: boolean;
}

/** Why no event can be sent now, or the client to send with. */
function standstillOf(
  target: ForwarderTarget,
  events: readonly QueuedEvent[],
  { clock, random }: Pick<ForwarderPorts, "clock" | "random">,
): Standstill | { readonly client: Sender } {
  if ("problem" in target) {
    const seconds = Math.max(1, Math.ceil(random() * longestWaitForSettings));
    return { level: "error", seconds, why: target.problem };
  }
  const seconds = target.readyAt ? secondsUntil(target.readyAt, clock()) : 0;
  if (seconds > 0) return { level: "info", seconds, why: "PLATFORM_READY_AT" };
  const pause = target.client.pause(Math.min(...events.map(({ attempts }) => attempts)));
  return pause ? { level: countingOf(pause.reason).level, ...pause, isPause: pause.reason === "retry" } : target;
}

/** Whole seconds since each event was received. */
function agesOf(events: readonly QueuedEvent[], now: Date): number[] {
  return events.map(({ receivedAt }) => wholeSeconds(now.getTime() - Date.parse(receivedAt)));
}

/** Whole seconds that the event with the longest wait has spent in the queue; 0 for none. */
function longestWait(events: readonly QueuedEvent[], now: Date): number {
  return Math.max(0, ...events.map((event) => wholeSeconds(now.getTime() - waitingSince(event))));
}

function putBackAge(events: readonly QueuedEvent[], now: Date): { readonly putBackAgeSeconds?: number } {
  return events.length > 0 ? { putBackAgeSeconds: Math.max(...agesOf(events, now)) } : {};
}

function wholeSeconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds / 1000));
}

function reportDead(deliveries: readonly DeliveryResult[], context: InvocationContext): void {
  for (const delivery of deliveries) {
    if (!("deadLetter" in delivery)) continue;
    const { fate, event, deadLetter, reason } = delivery;
    // The run that wrote it first may have ended before it wrote this line.
    logOutcome(context, { outcome: "dead", dead: fate === "dead" ? 1 : 0, ids: [event.id], deadLetter, reason });
  }
}

/** The results for the events of a message that was tried. */
function outcomeOf(deliveries: readonly DeliveryResult[], turns: readonly ComingTurn[], now: Date): Outcome {
  const waiting = turns.flatMap(({ events }) => events);
  const delivered = idsOf(deliveries, "delivered");
  const ages = agesOf(eventsOf(deliveries, "delivered"), now);
  const duplicate = idsOf(deliveries, "duplicate");
  const gone = idsOf(deliveries, "gone");
  const outage = deliveries.map(outageOf).find((reason) => reason !== undefined);
  // A dead letter has its own line, which is enough.
  const counted = deliveries
    .filter(({ fate }) => fate !== "dead")
    .map(({ fate }) => countingOf(fate === "unsent" ? outage : fate));
  const count = (field: OutcomeNumber) => counted.filter((counting) => counting.count === field).length;
  return {
    outcome: "forwarded",
    level: loudestLevel(counted.map((counting) => counting.level)),
    delivered: count("delivered"),
    duplicate: count("duplicate"),
    retried: count("retried"),
    held: count("held"),
    gone: count("gone"),
    // What is finished without a delivery no longer waits.
    oldestSeconds: longestWait([...eventsOf(deliveries, "delivered"), ...waiting], now),
    ...putBackAge(waiting, now),
    ...(delivered.length > 0
      ? { ageSeconds: Math.max(...ages), deliveredSeconds: ages.reduce((sum, age) => sum + age, 0) }
      : {}),
    ids: delivered,
    ...(duplicate.length > 0 ? { duplicateIds: duplicate } : {}),
    ...(gone.length > 0 ? { goneIds: gone } : {}),
    ...(waiting.length > 0
      ? {
          waitingIds: waiting.map(({ id }) => id),
          delaySeconds: Math.max(...turns.map(({ delaySeconds }) => delaySeconds)),
          reasons: reasonsOf(deliveries),
        }
      : {}),
  };
}

function eventsOf(deliveries: readonly DeliveryResult[], wanted: DeliveryResult["fate"]): QueuedEvent[] {
  return deliveries.filter(({ fate }) => fate === wanted).map(({ event }) => event);
}

function idsOf(deliveries: readonly DeliveryResult[], wanted: DeliveryResult["fate"]): string[] {
  return eventsOf(deliveries, wanted).map(({ id }) => id);
}

/** The outage of Platform because of which an event was not sent. Those of its message that were not tried at all wait for the same. */
function outageOf(delivery: DeliveryResult): WaitReason | undefined {
  return delivery.fate === "unsent" ? delivery.pause?.reason : undefined;
}

/** How an event counts, and at which level; without a fate, it only waits for its turn, which is nobody's fault. */
function countingOf(fate: Fate | undefined): { readonly count: OutcomeNumber; readonly level: LogLevel } {
  return fate === undefined ? { count: "held", level: "info" } : fates[fate];
}

/** Each different reason once. */
function reasonsOf(deliveries: readonly DeliveryResult[]): string[] {
  const reasons = deliveries.map((delivery) => {
    if (hasFailed(delivery)) return delivery.reason;
    return delivery.fate === "unsent" ? delivery.pause?.why : undefined;
  });
  return [...new Set(reasons.filter((reason) => reason !== undefined))];
}
