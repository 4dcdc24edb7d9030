import type { CustomerIoEvent } from "pulumi-customerio/events";
import { deriveEventId, ownEventId } from "./event-id.ts";

/** An event: its text as received, and the parsed values. */
export interface ClassifiedEvent {
  readonly kind: "event";
  readonly event: CustomerIoEvent;
  /** Customer.io's `event_id`, or an id derived from the body if there is none. Never empty. */
  readonly id: string;
  readonly text: string;
}

/** A body that is not an event, and the reason for operators. */
export interface MalformedBody {
  readonly kind: "malformed";
  readonly reason: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the raw body of an authentic call. Every JSON object is an event: an unknown metric, an odd time or a missing id never loses one,
 * since `enrich` fills in what a record needs.
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
 * As `classify`, for a body that is already text.
 *
 * @param digest the event's `digestBody`, if personal data were removed from the text
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
