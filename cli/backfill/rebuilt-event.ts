import { randomUUID } from "node:crypto";
import type { RebuiltEvent } from "pulumi-customerio/history";
import { admit } from "../../relay/core/event/admit.ts";
import { newEvent, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import { digestBody, rebuiltEventId } from "../../relay/core/event/event-id.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";

/**
 * The event as the relay's intake would have queued it: filtered, and without the personal data that the settings
 * remove. Its digest is unique, so that the relay does not leave it out as a duplicate of what an earlier backfill has sent: the event
 * is still missing, so Platform has accepted it and then lost it.
 *
 * @returns why it can't be sent, if it can't
 */
export function admitRebuiltEvent(
  event: RebuiltEvent,
  { policy, now }: { policy: EventPolicy; now: Date },
): (QueuedEvent & { body: string }) | { readonly impossible: string } {
  const { object_type: objectType, metric, data } = event;
  const eventId = rebuiltEventId({ delivery: data.delivery_id, objectType, metric });
  const admission = admit(JSON.stringify({ event_id: eventId, ...event }), policy);
  if (admission.kind === "malformed") return { impossible: "hold no event that this version of the relay can read" };
  if (admission.kind === "filtered") return { impossible: `are left out by the filter ${admission.rule}` };
  const { id, text } = admission;
  return newEvent({ id, receivedAt: now.toISOString(), body: text, digest: digestBody(text, randomUUID()) });
}
