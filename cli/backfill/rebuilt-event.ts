import type { RebuiltEvent } from "pulumi-customerio/history";
import { admit } from "../../relay/core/event/admit.ts";
import { newEvent, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import { digestBody, rebuiltEventId } from "../../relay/core/event/event-id.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";

/**
 * The event as the relay's intake would have queued it: filtered, and without the personal data that the settings
 * remove. Its digest is another one each UTC day. An event that a backfill sent counts as missing a day later at the earliest; then
 * Platform has accepted and lost it, and the relay must not leave it out as a duplicate. On the same day it has to: two people may run a
 * backfill at the same time, each in a folder of their own.
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
  const receivedAt = now.toISOString();
  return newEvent({ id, receivedAt, body: text, digest: digestBody(text, receivedAt.slice(0, "2026-11-30".length)) });
}
