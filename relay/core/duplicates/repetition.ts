import type { QueuedEvent } from "../event/envelope.ts";

/**
 * Milliseconds after an event's creation within which a call with it must be the first one. Customer.io repeats a call
 * after 4 s without an answer, or when the relay has answered 503 because a write was not confirmed, which takes up to
 * 2.6 s.
 */
const firstCallWithin = 2_500;

/** Milliseconds by which an event may seem to arrive before its creation: clocks differ. */
const skew = 500;

/**
 * Whether Platform may have an event, so that it has to be looked up: it was in another message before, or its call
 * came so late that it may be a repetition.
 *
 * @param createdAt see `readCreationTime`
 */
export function mayBeRepeated(
  { attempts, putBack, queuedAt, receivedAt }: Pick<QueuedEvent, "attempts" | "putBack" | "queuedAt" | "receivedAt">,
  createdAt: number | undefined,
): boolean {
  if (attempts > 0 || putBack !== undefined || queuedAt !== undefined || createdAt === undefined) return true;
  const age = Date.parse(receivedAt) - createdAt;
  return age < -skew || age > firstCallWithin;
}
