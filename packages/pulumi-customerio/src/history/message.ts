import { z } from "zod";

// One that is neither is left out: it must not end an audit of all other messages.
const id = z
  .union([
    z.number().int(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .nullish()
  .catch(undefined);
const text = z
  .union([z.string(), z.number().int().transform(String)])
  .nullish()
  .catch(undefined);

/**
 * A delivery as Customer.io's App API describes it. Nothing but its id, its type and its creation is sure to be there: the description's
 * own samples lack attributes that it requires, and one has a number as an identifier.
 */
export const messageShape = z.object({
  /** The `delivery_id` of events. */
  id: z.string().min(1),
  /** `twilio` is the object type `sms`. */
  type: z.string(),
  /** Unix seconds. */
  created: z.number(),
  customer_id: text,
  /** Those of today, not of when it was sent. */
  customer_identifiers: z.object({ id: text, email: text, cio_id: text }).nullish().catch(undefined),
  recipient: text,
  subject: text,
  failure_message: text,
  trigger_event_id: text,
  campaign_id: id,
  broadcast_id: id,
  newsletter_id: id,
  action_id: id,
  parent_action_id: id,
  content_id: id,
  /** Unix seconds, one for each metric that happened. */
  metrics: z.record(z.string(), z.unknown()).nullish(),
});
export type HistoryMessage = z.output<typeof messageShape>;

/** An entry of the activity log. */
export const activityShape = z.object({
  id: z.string().min(1),
  /** `<metric>_<channel>` for messages; other types describe people and objects. */
  type: z.string(),
  /** Unix seconds. */
  timestamp: z.number(),
  customer_id: text,
  delivery_id: text,
});
export type Activity = z.output<typeof activityShape>;
