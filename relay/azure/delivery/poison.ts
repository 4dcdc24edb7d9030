import type { StorageQueueHandler } from "@azure/functions";
import { deadEvent, isOfRepeatedCall } from "../../core/event/dead-letter.ts";
import { type DecodedEnvelope, decodeEnvelope, encodeEnvelopes, type QueuedEvent } from "../../core/event/envelope.ts";
import { logOutcome } from "../log.ts";
import { type BodyRoom, withRoom } from "../storage/body-room.ts";
import { deleteClaims, readBody } from "../storage/claims.ts";
import { type RelayStorageClient, storageTimeout } from "../storage/storage.ts";
import { buryUnreadable } from "./unreadable.ts";

export interface PoisonPorts {
  /** The poison queue from which the messages come. */
  readonly queue: string;
  readonly storage: Pick<
    RelayStorageClient,
    "enqueue" | "readClaim" | "deleteClaim" | "putDeadLetter" | "addDeadLetter"
  >;
  /** For the bodies that are not in the message. */
  readonly room: BodyRoom;
  readonly clock: () => Date;
}

/** Milliseconds for which the events of one message wait for room, so that the run ends within the host's `functionTimeout`. */
const patience = 2 * 60 * 1000;

/**
 * How often the host may hand out a message before it is renewed. After five times (`maxDequeueCount` in host.json) the host would take it
 * without running this function, until the message expires: a poison queue has no poison queue of its own (`QueueProcessor` and
 * `QueueListenerFactory` in Azure/azure-sdk-for-net). From the third time on there are three chances to renew it.
 */
const dequeuesBeforeRenewal = 2;

/** Seconds until a renewed message comes again: as long as the host's lease, which passes after a failure. */
const delaySeconds = 600;

const reason =
  "The forwarder failed five times on the queue message of this event; its log says why. Some of the message's events may have been delivered.";

/**
 * A poison queue, into which the host puts a message after the forwarder failed on it five times. Turns each of
 * its events into a dead letter. They can't wait here, since the host's copy expires after 7 days.
 *
 * After two failures, the next run puts the message back as a new one, which never expires and which the host has not handed out yet.
 *
 * @throws if the storage fails, or there is no room for a body in time. The host hands out the message again when its lease of 10 minutes
 * ends. A dead letter that was already written stays: the forwarder's says why Platform refuses the event.
 */
export function poisonHandler({ queue, storage, room, clock }: PoisonPorts): StorageQueueHandler {
  return async (message, context) => {
    const envelope = decodeEnvelope(message);
    if (Number(context.triggerMetadata?.dequeueCount ?? 1) > dequeuesBeforeRenewal) {
      for (const text of messagesOf(envelope)) {
        await storage.enqueue(text, { queue, delaySeconds, signal: AbortSignal.timeout(storageTimeout) });
      }
      return;
    }
    if (!envelope.readable) return buryUnreadable(envelope, context, { storage, clock });
    const bury = async (event: QueuedEvent) => {
      const body = await readBody(event, storage);
      if (body === undefined) return;
      const blob = deadEvent(event, body, { class: "poison", reason, now: clock() });
      const isFirst = await storage.addDeadLetter(blob, AbortSignal.timeout(storageTimeout), event.receivedAt);
      const isRepeated = isOfRepeatedCall(event, isFirst);
      logOutcome(context, {
        outcome: "dead",
        dead: isRepeated ? 0 : 1,
        ...(isRepeated && { gone: 1 }),
        ids: [event.id],
        deadLetter: blob.name,
        reason: "poison",
      });
    };
    const until = clock().getTime() + patience;
    const otherwise = () => {
      throw new Error("This instance has no room for the body of the event now; the message comes again.");
    };
    for (const event of envelope.events) {
      await withRoom(event, { room, patience: until - clock().getTime(), otherwise }, () => bury(event));
    }
    await deleteClaims(envelope.events, storage, context);
  };
}

/** The texts of queue messages with the same content. */
function messagesOf(envelope: DecodedEnvelope): string[] {
  return envelope.readable ? encodeEnvelopes(envelope.events) : [Buffer.from(envelope.text).toString("base64")];
}
