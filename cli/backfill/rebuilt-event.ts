import type { RebuiltEvent } from "pulumi-customerio/history";
import { admit } from "../../relay/core/event/admit.ts";
import { newEvent, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import { rebuiltEventId } from "../../relay/core/event/event-id.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";

/**
 * The event as the relay's intake would have queued it: filtered, and without the personal data that the settings
 * remove.
 *
 * @param secret for the digest of the removed data; the same secret makes a repetition recognizable
 * @returns why it can't be sent, if it can't
 */
export function admitRebuiltEvent(
  event: RebuiltEvent,
  { policy, secret, now }: { policy: EventPolicy; secret: string; now: Date },
): (QueuedEvent & { body: string }) | { readonly impossible: string } {
  const { object_type: objectType, metric, data } = event;
  const eventId = rebuiltEventId({ delivery: data.delivery_id, objectType, metric });
  const admission = admit(JSON.stringify({ event_id: eventId, ...event }), policy, secret);
  if (admission.kind === "malformed") return { impossible: "hold no event that this version of the relay can read" };
  if (admission.kind === "filtered") return { impossible: `are left out by the filter ${admission.rule}` };
  const { id, text, digest } = admission;
  return newEvent({ id, receivedAt: now.toISOString(), body: text, digest });
}
