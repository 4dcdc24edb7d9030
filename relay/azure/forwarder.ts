import type { InvocationContext, StorageQueueHandler } from "@azure/functions";
import { decodeEnvelope, encodeEnvelopes, type QueuedEvent } from "../core/envelope.ts";
import { retryDelaySeconds, secondsUntil } from "../core/retry-schedule.ts";
import { deleteClaims } from "./claims.ts";
import { type Delivery, deliverAll, hasFailed } from "./deliver.ts";
import { describeError, logOutcome } from "./log.ts";
import type { PlatformClient } from "./platform-client.ts";
import { type RelayStorage, storageTimeout } from "./storage.ts";
import { buryUnreadable } from "./unreadable.ts";

/** Where events go and from when on, or what is wrong with the settings. */
export type ForwarderTarget =
  | { readonly client: Pick<PlatformClient, "send">; readonly readyAt: Date | undefined }
  | { readonly problem: string };

export interface ForwarderPorts {
  readonly target: ForwarderTarget;
  readonly storage: Pick<RelayStorage, "enqueue" | "readClaim" | "deleteClaim" | "putDeadLetter">;
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
 * - before or among the sends, or after them: what was delivered is sent again, under the same `_id`;
 * - after undelivered events went back to the queue: they are in two messages, and may be delivered twice;
 * - after a dead letter was written: it is overwritten by the same one;
 * - after a claim was deleted: its event is known to be done with, and is skipped.
 *
 * @throws if the events could neither be delivered nor put back. After the host's fifth try the message is poison.
 */
export function forwarderHandler({ target, storage, clock, random }: ForwarderPorts): StorageQueueHandler {
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

  return async (message, context) => {
    const envelope = decodeEnvelope(message);
    if (!envelope.readable) return buryUnreadable(envelope, context, { storage, clock });
    const { events } = envelope;

    if ("problem" in target) {
      const delaySeconds = retryDelaySeconds("hold", { attempts: 1, random: random() });
      await putBack(events, delaySeconds);
      logOutcome(context, "error", { outcome: "waiting", held: events.length, delaySeconds, reason: target.problem });
      return;
    }
    const untilReady = target.readyAt ? secondsUntil(target.readyAt, clock()) : 0;
    if (untilReady > 0) {
      await putBack(events, untilReady);
      logOutcome(context, "info", {
        outcome: "waiting",
        held: events.length,
        delaySeconds: untilReady,
        reason: "PLATFORM_READY_AT",
      });
      return;
    }

    const deliveries = await deliverAll(events, { platform: target.client, storage, clock });
    const unsent = deliveries.filter((delivery) => delivery.fate === "unsent");
    const failed = deliveries.filter(hasFailed);
    const reason = failed.some(({ fate }) => fate === "hold") ? "hold" : "retry";
    const delaySeconds = retryDelaySeconds(reason, {
      attempts: Math.max(1, ...failed.map(({ event }) => event.attempts)),
      retryAfter: Math.max(0, ...failed.map(({ retryAfter }) => retryAfter ?? 0)),
      random: random(),
    });
    // The failed ones go last, lest one that Platform always fails on keeps the others from being sent.
    const waiting = [...unsent, ...failed].map(({ event }) => event);
    if (waiting.length > 0) await putBack(waiting, delaySeconds);

    const done = deliveries.filter(({ fate }) => fate === "delivered" || fate === "dead");
    await deleteClaims(
      done.map(({ event }) => event),
      storage,
      context,
    );
    report(deliveries, { waiting, reason, delaySeconds, now: clock() }, context);
  };
}

function report(
  deliveries: readonly Delivery[],
  {
    waiting,
    reason,
    delaySeconds,
    now,
  }: { waiting: readonly QueuedEvent[]; reason: "retry" | "hold"; delaySeconds: number; now: Date },
  context: InvocationContext,
): void {
  const idsOf = (wanted: Delivery["fate"]) =>
    deliveries.filter(({ fate }) => fate === wanted).map(({ event }) => event.id);
  const delivered = idsOf("delivered");
  const gone = idsOf("gone");
  const dead = deliveries.filter((delivery) => delivery.fate === "dead");
  const held = reason === "hold" ? waiting.length : 0;
  const oldest = Math.min(...deliveries.map(({ event }) => Date.parse(event.receivedAt)));
  for (const { event, deadLetter, reason } of dead) {
    logOutcome(context, "error", { outcome: "dead", dead: 1, ids: [event.id], deadLetter, reason });
  }
  logOutcome(context, held > 0 ? "error" : waiting.length + gone.length > 0 ? "warn" : "info", {
    outcome: "forwarded",
    delivered: delivered.length,
    retried: waiting.length - held,
    held,
    gone: gone.length,
    oldestSeconds: Math.max(0, Math.round((now.getTime() - oldest) / 1000)),
    ids: delivered,
    ...(gone.length > 0 ? { goneIds: gone } : {}),
    ...(waiting.length > 0
      ? { waitingIds: waiting.map(({ id }) => id), delaySeconds, reasons: reasonsOf(deliveries) }
      : {}),
  });
}

/** Each different reason once. */
function reasonsOf(deliveries: readonly Delivery[]): string[] {
  return [...new Set(deliveries.filter(hasFailed).map(({ reason }) => reason))];
}
