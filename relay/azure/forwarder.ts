import type { InvocationContext, StorageQueueHandler } from "@azure/functions";
import { decodeEnvelope, encodeEnvelopes, type QueuedEvent, waitingSince } from "../core/envelope.ts";
import { isOverdue, retryDelaySeconds, secondsUntil, type WaitReason } from "../core/retry-schedule.ts";
import { deleteClaims } from "./claims.ts";
import { type Delivery, deliverAll, giveUp, hasFailed } from "./deliver.ts";
import type { Duplicates } from "./duplicates.ts";
import { describeError, type LogLevel, logOutcome } from "./log.ts";
import type { Sender } from "./paced-client.ts";
import { type RelayStorage, storageTimeout } from "./storage.ts";
import { buryUnreadable } from "./unreadable.ts";

/** Where events go and from when on, or what is wrong with the settings. */
export type ForwarderTarget =
  | { readonly client: Sender; readonly readyAt: Date | undefined }
  | { readonly problem: string };

export interface ForwarderPorts {
  readonly target: ForwarderTarget;
  readonly storage: Pick<RelayStorage, "enqueue" | "readClaim" | "deleteClaim" | "putDeadLetter">;
  readonly duplicates: Duplicates;
  readonly clock: () => Date;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/**
 * Queue `events`: sends each event of a message to Platform.
 *
 * The queue trigger knows no back-off, so retries are made here: events that Platform did not take go back to the queue as a new
 * message that stays hidden for a growing time, and the message at hand is completed. So its delivered events aren't sent again.
 *
 * Where it could end early, the host hands the message over again, after 30 s if this threw, or else after its 10 minutes' lease:
 *
 * - before or among the sends, or after them: what was delivered and not noted yet is sent again, under the same `_id`;
 * - after undelivered events went back to the queue: they are in two messages, and may be delivered twice;
 * - after a dead letter was written: it is overwritten by the same one;
 * - after a claim was deleted: its event is known to be done with, and is skipped.
 *
 * @throws if the events could neither be delivered nor put back. After the host's fifth try the message is poison.
 */
export function forwarderHandler({ target, storage, duplicates, clock, random }: ForwarderPorts): StorageQueueHandler {
  const putBack = async (events: readonly QueuedEvent[], delaySeconds: number): Promise<void> => {
    try {
      for (const message of encodeEnvelopes(events)) {
        await storage.enqueue(message, { delaySeconds, signal: AbortSignal.timeout(storageTimeout) });
      }
    } catch (error) {
      throw new Error(
        `${events.length} event(s) could not be put back into the queue; the host will hand the message over again: ${describeError(error)}`,
      );
    }
  };

  /** Puts back what has to come again, and forgets the claims of the rest. Returns what was put back. */
  const settle = async (
    deliveries: readonly Delivery[],
    delaySeconds: number,
    context: InvocationContext,
  ): Promise<readonly QueuedEvent[]> => {
    const eventsOf = (fates: readonly Delivery["fate"][]) =>
      deliveries.filter(({ fate }) => fates.includes(fate)).map(({ event }) => event);
    // The failed ones go last, lest one that Platform always fails on keeps the others from being sent.
    const waiting = [...eventsOf(["unsent"]), ...eventsOf(["retry", "hold"])];
    if (waiting.length > 0) await putBack(waiting, delaySeconds);
    await deleteClaims(eventsOf(["delivered", "duplicate", "dead"]), storage, context);
    return waiting;
  };

  return async (message, context) => {
    const envelope = decodeEnvelope(message);
    if (!envelope.readable) return buryUnreadable(envelope, context, { storage, clock });
    const { events } = envelope;

    const standstill = standstillOf(target, { clock, random });
    if ("why" in standstill) {
      const { level, seconds: delaySeconds, why: reason } = standstill;
      const deliveries = await Promise.all(
        events.map((event): Delivery | Promise<Delivery> => {
          return isOverdue(event, clock()) ? giveUp(event, reason, { storage, clock }) : { fate: "unsent", event };
        }),
      );
      const { length: held } = await settle(deliveries, delaySeconds, context);
      reportDead(deliveries, context);
      const oldestSeconds = longestWait(events, clock());
      logOutcome(context, level, { outcome: "waiting", held, delaySeconds, oldestSeconds, reason });
      return;
    }

    const onTrouble = (reason: string) => logOutcome(context, "warn", { outcome: "duplicatesUnknown", reason });
    const deliveries = await deliverAll(events, { platform: standstill.client, storage, duplicates, onTrouble, clock });
    const failed = deliveries.filter(hasFailed);
    const pauses = deliveries.flatMap((delivery) => (delivery.fate === "unsent" ? (delivery.pause ?? []) : []));
    const reasons: WaitReason[] = [...failed.map(({ fate }) => fate), ...pauses.map(({ reason }) => reason)];
    const reason = reasons.includes("hold") ? "hold" : "retry";
    const retryDelay = retryDelaySeconds(reason, {
      attempts: Math.max(1, ...failed.map(({ event }) => event.attempts)),
      retryAfter: Math.max(0, ...failed.map(({ retryAfter }) => retryAfter ?? 0)),
      random: random(),
    });
    const delaySeconds = Math.max(failed.length > 0 ? retryDelay : 0, ...pauses.map(({ seconds }) => seconds));
    const waiting = await settle(deliveries, delaySeconds, context);
    reportDead(deliveries, context);
    report(deliveries, { waiting, reason, delaySeconds, now: clock() }, context);
  };
}

interface Standstill {
  readonly level: LogLevel;
  readonly seconds: number;
  readonly why: string;
}

/** Why no event can be sent now, or the client to send with. */
function standstillOf(
  target: ForwarderTarget,
  { clock, random }: Pick<ForwarderPorts, "clock" | "random">,
): Standstill | { readonly client: Sender } {
  if ("problem" in target) {
    const seconds = retryDelaySeconds("hold", { attempts: 1, random: random() });
    return { level: "error", seconds, why: target.problem };
  }
  const seconds = target.readyAt ? secondsUntil(target.readyAt, clock()) : 0;
  if (seconds > 0) return { level: "info", seconds, why: "PLATFORM_READY_AT" };
  const pause = target.client.pause();
  return pause ? { level: pause.reason === "hold" ? "error" : "warn", ...pause } : target;
}

/** Whole seconds since each event was received. */
function agesOf(events: readonly QueuedEvent[], now: Date): number[] {
  return events.map(({ receivedAt }) => wholeSeconds(now.getTime() - Date.parse(receivedAt)));
}

/** Whole seconds that the event has waited in the queue which has waited longest. */
function longestWait(events: readonly QueuedEvent[], now: Date): number {
  return Math.max(...events.map((event) => wholeSeconds(now.getTime() - waitingSince(event))));
}

function wholeSeconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds / 1000));
}

function reportDead(deliveries: readonly Delivery[], context: InvocationContext): void {
  for (const delivery of deliveries) {
    if (delivery.fate !== "dead") continue;
    const { event, deadLetter, reason } = delivery;
    logOutcome(context, "error", { outcome: "dead", dead: 1, ids: [event.id], deadLetter, reason });
  }
}

function report(
  deliveries: readonly Delivery[],
  {
    waiting,
    reason,
    delaySeconds,
    now,
  }: { waiting: readonly QueuedEvent[]; reason: WaitReason; delaySeconds: number; now: Date },
  context: InvocationContext,
): void {
  const eventsOf = (wanted: Delivery["fate"]) =>
    deliveries.filter(({ fate }) => fate === wanted).map(({ event }) => event);
  const idsOf = (wanted: Delivery["fate"]) => eventsOf(wanted).map(({ id }) => id);
  const delivered = idsOf("delivered");
  const ages = agesOf(eventsOf("delivered"), now);
  const duplicate = idsOf("duplicate");
  const gone = idsOf("gone");
  const held = reason === "hold" ? waiting.length : 0;
  logOutcome(context, held > 0 ? "error" : waiting.length + gone.length > 0 ? "warn" : "info", {
    outcome: "forwarded",
    delivered: delivered.length,
    duplicate: duplicate.length,
    retried: waiting.length - held,
    held,
    gone: gone.length,
    oldestSeconds: longestWait(
      deliveries.map(({ event }) => event),
      now,
    ),
    ...(delivered.length > 0
      ? { ageSeconds: Math.max(...ages), deliveredSeconds: ages.reduce((sum, age) => sum + age, 0) }
      : {}),
    ids: delivered,
    ...(duplicate.length > 0 ? { duplicateIds: duplicate } : {}),
    ...(gone.length > 0 ? { goneIds: gone } : {}),
    ...(waiting.length > 0
      ? { waitingIds: waiting.map(({ id }) => id), delaySeconds, reasons: reasonsOf(deliveries) }
      : {}),
  });
}

/** Each different reason once. */
function reasonsOf(deliveries: readonly Delivery[]): string[] {
  const reasons = deliveries.map((delivery) => {
    if (hasFailed(delivery)) return delivery.reason;
    return delivery.fate === "unsent" ? delivery.pause?.why : undefined;
  });
  return [...new Set(reasons.filter((reason) => reason !== undefined))];
}
