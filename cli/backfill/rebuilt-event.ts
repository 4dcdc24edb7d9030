import { admit } from "../../relay/core/event/admit.ts";
import { newEvent, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import { digestBody, rebuiltEventId } from "../../relay/core/event/event-id.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";
import type { MissingEvent } from "./missing-events.ts";

/**
 * The event as the relay's intake would have queued it: filtered, and without the personal data that the settings
 * remove. Its digest is the same until Platform accepts it: if several folders send it, at the same time or while the relay holds it, the
 * relay leaves out all but the first as duplicates. If Platform has accepted it and lost it, the digest is another one, so that the relay
 * does not leave it out.
 *
 * @returns why it can't be sent, if it can't
 */
export function admitRebuiltEvent(
  { acceptedAt, ...event }: MissingEvent,
  { policy, now }: { policy: EventPolicy; now: Date },
): (QueuedEvent & { body: string }) | { readonly impossible: string } {
  const { object_type: objectType, metric, data } = event;
  const eventId = rebuiltEventId({ delivery: data.delivery_id, objectType, metric });
  const admission = admit(JSON.stringify({ event_id: eventId, ...event }), policy);
  if (admission.kind === "malformed") return { impossible: "hold no event that this version of the relay can read" };
  if (admission.kind === "filtered") return { impossible: `are left out by the filter ${admission.rule}` };
  const { id, text } = admission;
  const receivedAt = now.toISOString();
  return newEvent({ id, receivedAt, body: text, digest: digestBody(eventId, String(acceptedAt)) });
}
