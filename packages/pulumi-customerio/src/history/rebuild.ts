import { type CustomerIoEvent, metricsByObjectType, type ObjectType } from "../events/index.ts";
import type { HistoryMessage } from "./message.ts";

/** An event as far as a message of the App API still has it; it never has an `event_id`. */
export interface RebuiltEvent extends CustomerIoEvent {
  readonly object_type: ObjectType;
  readonly metric: string;
  /** Unix seconds; of repeated opens and clicks, the API has one time. */
  readonly timestamp: number;
  readonly data: Readonly<Record<string, unknown>> & { readonly delivery_id: string };
}

/** Counts of what this package does not know, by name: types of messages, and metrics of a type. */
export type UnknownNames = Map<string, number>;

/** Keys of `metrics` that no reporting webhook sends. */
const unreported = /^(created|(human|prefetch|machine)_.+)$/;

/** Unix seconds before which a number can't be the time of a message: it is a count. */
const earliestTime = 1_000_000_000;

/** The failures of which a message has one text for all. */
const failures = ["bounced", "dropped", "failed", "undeliverable", "spammed"];

/** The object type of events for a message's type. */
function objectTypeOfMessage(type: string): string {
  return type === "twilio" ? "sms" : type;
}

/**
 * The events that a message had, as far as the App API records them: one for each metric with a time.
 *
 * Several attributes can't be rebuilt: `event_id`, links, flags of opens and clicks, devices, journeys and content. A failure has its
 * text only if it is the message's only one.
 *
 * @param unknown gets the types and metrics that the catalogue of events lacks, which make no event
 */
export function rebuildEvents(message: HistoryMessage, unknown: UnknownNames): RebuiltEvent[] {
  const objectType = objectTypeOfMessage(message.type);
  const times = Object.entries(message.metrics ?? {}).filter(([metric]) => !unreported.test(metric));
  if (!isObjectType(objectType)) {
    count(unknown, message.type);
    return [];
  }
  const known: readonly string[] = metricsByObjectType[objectType];
  const failed = failures.filter((metric) => typeof message.metrics?.[metric] === "number");
  const events: RebuiltEvent[] = [];
  for (const [metric, timestamp] of times) {
    if (timestamp === null || timestamp === undefined) continue;
    if (!known.includes(metric) || typeof timestamp !== "number" || timestamp < earliestTime) {
      count(unknown, `${objectType}_${metric}`);
      continue;
    }
    const isOnlyFailure = failed.length === 1 && failed[0] === metric;
    events.push({
      object_type: objectType,
      metric,
      timestamp: Math.floor(timestamp),
      data: dataOf(message, objectType, isOnlyFailure),
    });
  }
  return events;
}

function dataOf(message: HistoryMessage, objectType: ObjectType, isOnlyFailure: boolean): RebuiltEvent["data"] {
  const { id, customer_id, customer_identifiers, recipient, subject, failure_message, trigger_event_id } = message;
  const { campaign_id, broadcast_id, newsletter_id, action_id, parent_action_id, content_id } = message;
  const given = {
    customer_id,
    // The description's own samples lack the identifiers. An event has the same id in both attributes.
    identifiers: customer_identifiers ?? (customer_id ? { id: customer_id } : undefined),
    recipient,
    trigger_event_id,
    campaign_id,
    broadcast_id,
    newsletter_id,
    action_id,
    parent_action_id,
    content_id,
    ...(objectType === "email" && { subject }),
    ...(isOnlyFailure && { failure_message }),
  };
  const present = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  return { delivery_id: id, ...Object.fromEntries(present) };
}

function isObjectType(type: string): type is ObjectType {
  return type !== "customer" && Object.hasOwn(metricsByObjectType, type);
}

function count(unknown: UnknownNames, name: string): void {
  unknown.set(name, (unknown.get(name) ?? 0) + 1);
}
