import type { StorageQueueHandler } from "@azure/functions";
import { deadEvent } from "../../core/event/dead-letter.ts";
import { decodeEnvelope, type QueuedEvent } from "../../core/event/envelope.ts";
import { logOutcome } from "../log.ts";
import { type BodyRoom, withRoom } from "../storage/body-room.ts";
import { deleteClaims, readBody } from "../storage/claims.ts";
import { type RelayStorageClient, storageTimeout } from "../storage/storage.ts";
import { buryUnreadable } from "./unreadable.ts";

export interface PoisonPorts {
  readonly storage: Pick<RelayStorageClient, "readClaim" | "deleteClaim" | "putDeadLetter">;
  /** For the bodies that are not in the message. */
  readonly room: BodyRoom;
  readonly clock: () => Date;
}

/** Milliseconds for which the events of one message wait for room, so that the run ends within the host's `functionTimeout`. */
const patience = 2 * 60 * 1000;

const reason =
  "The forwarder failed five times on the queue message of this event; its log says why. Some of the message's events may have been delivered.";

/**
 * A poison queue, into which the host puts a message after the forwarder failed on it five times. Turns each of
 * its events into a dead letter. They can't wait here, since the host's copy expires after 7 days.
 *
 * @throws if the storage fails, or there is no room for a body in time. The host never removes messages from a poison
 * queue, so it hands out the message again each time its lease ends. Dead letters that were already written are
 * overwritten.
 */
export function poisonHandler({ storage, room, clock }: PoisonPorts): StorageQueueHandler {
  return async (message, context) => {
    const envelope = decodeEnvelope(message);
    if (!envelope.readable) return buryUnreadable(envelope, context, { storage, clock });
    const bury = async (event: QueuedEvent) => {
      const body = await readBody(event, storage);
      if (body === undefined) return;
      const blob = deadEvent(event, body, { class: "poison", reason, now: clock() });
      await storage.putDeadLetter(blob, AbortSignal.timeout(storageTimeout));
      logOutcome(context, {
        outcome: "dead",
        dead: 1,
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
