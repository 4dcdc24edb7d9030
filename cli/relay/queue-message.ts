import { type DecodedEnvelope, decodeEnvelope, type QueuedEvent } from "../../relay/core/event/envelope.ts";

/** Reads a message as the queue holds it: base64. */
export function readQueueMessage(text: string): DecodedEnvelope {
  return readQueueMessageText(Buffer.from(text, "base64").toString("utf8"));
}

/** Reads a message without its base64, as a dead letter of class `unreadable` has it. */
export function readQueueMessageText(text: string): DecodedEnvelope {
  try {
    return decodeEnvelope(JSON.parse(text));
  } catch {
    return { readable: false, reason: "The queue message is not JSON.", text };
  }
}

/** The events of a message; none if it can't be read: the relay will make it a dead letter. */
export function eventsIn(envelope: DecodedEnvelope): readonly QueuedEvent[] {
  return envelope.readable ? envelope.events : [];
}

/** The claims that hold bodies of a message's events. */
export function claimsIn(envelope: DecodedEnvelope): string[] {
  return eventsIn(envelope).flatMap((event) => ("claim" in event && event.claim !== undefined ? [event.claim] : []));
}
