import type { CustomerIoEvent } from "pulumi-customerio/events";
import { deriveEventId, ownEventId } from "./event-id.ts";

/** A body that is an event: its text as it came, and what was read from it. */
export interface ClassifiedEvent {
  readonly kind: "event";
  readonly event: CustomerIoEvent;
  /** Customer.io's `event_id`, or one that is made of the body if there is none: never empty. */
  readonly id: string;
  readonly text: string;
}

/** A body that is not an event, and why, for operators. */
export interface MalformedBody {
  readonly kind: "malformed";
  readonly reason: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the raw body of an authentic call: the event, or why it is not one. Every JSON object is an event: an unknown metric,
 * an odd time or a missing id never lose an event, since `enrich` repairs what a record needs.
 */
export function classify(body: Uint8Array): ClassifiedEvent | MalformedBody {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return malformedBody("The body is not UTF-8 text.");
  }
  return classifyText(text);
}

/**
 * The same for a body that is text already.
 *
 * @param digest the event's `digestBody`, if the text is what was left of it
 */
export function classifyText(text: string, digest?: string): ClassifiedEvent | MalformedBody {
  if (text.trim() === "") return malformedBody("The body is empty.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformedBody("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return malformedBody("The body is not a JSON object.");
  }
  const event = value as CustomerIoEvent;
  return { kind: "event", event, id: ownEventId(event.event_id) ?? deriveEventId(text, digest), text };
}

function malformedBody(reason: string): MalformedBody {
  return { kind: "malformed", reason };
}
