import type { InvocationContext } from "@azure/functions";
import { deadBody } from "../../core/event/dead-letter.ts";
import type { DecodedEnvelope } from "../../core/event/envelope.ts";
import { logOutcome } from "../log.ts";
import { type RelayStorageClient, storageTimeout } from "../storage/storage.ts";

export interface BuryPorts {
  readonly storage: Pick<RelayStorageClient, "putDeadLetter">;
  readonly clock: () => Date;
}

/** Turns a queue message that can't be read into one dead letter, named after the day on which it was queued. */
export async function buryUnreadable(
  { text, reason }: DecodedEnvelope & { readable: false },
  context: InvocationContext,
  { storage, clock }: BuryPorts,
): Promise<void> {
  const now = clock();
  const queuedAt = new Date(String(context.triggerMetadata?.insertionTime));
  const receivedAt = (Number.isNaN(queuedAt.getTime()) ? now : queuedAt).toISOString();
  const blob = deadBody(Buffer.from(text), { class: "unreadable", reason, receivedAt, now });
  await storage.putDeadLetter(blob, AbortSignal.timeout(storageTimeout));
  logOutcome(context, { outcome: "dead", dead: 1, reason, deadLetter: blob.name });
}
