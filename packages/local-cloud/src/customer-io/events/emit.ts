import { randomBytes } from "node:crypto";
import type { DocumentedEvent, EventData, Metric } from "pulumi-customerio/events";
import { metricsByObjectType, type ObjectType } from "pulumi-customerio/events";
import { z } from "zod";
import type { AdjustableClock } from "../clock.ts";
import { ulid } from "./ulid.ts";

const objectTypes = Object.keys(metricsByObjectType) as ObjectType[];
const origins = ["campaign", "broadcast", "newsletter", "transactional", "none"] as const;
const identifierModes = ["multiple", "id-only", "email-only", "deleted"] as const;

const day = 24 * 60 * 60 * 1000;

type Origin = (typeof origins)[number];
type Channel = Exclude<ObjectType, "customer">;

/**
 * A request for a made-up event.
 *
 * - `origin`: what sent the message; transactional deliveries are described for e-mail and push only. Default: `campaign`,
 *   and `none` for customer events, of which only a change of preferences can have one.
 * - `identifiers`: `multiple` (id, email and cio_id), `id-only` (a workspace that identifies people by id), `email-only` (a
 *   person without id), `deleted` (only cio_id is left). Default: `multiple`.
 * - `person`: who, by number. Default: 1.
 * - `delivery_id`: events of one message share it. Default: a new one.
 * - `content_bytes`: length of the message's body in `sent`. Default: a short one.
 * - `days_ago`: when it happened. Default: 0, which is now.
 */
export const eventRequest = z
  .strictObject({
    object_type: z.enum(objectTypes),
    metric: z.string(),
    origin: z.enum(origins).optional(),
    identifiers: z.enum(identifierModes).default("multiple"),
    person: z.int().min(1).default(1),
    delivery_id: z.string().min(1).optional(),
    content_bytes: z.int().min(1).default(40),
    days_ago: z.number().min(0).default(0),
  })
  .superRefine(({ object_type, metric, origin }, { addIssue }) => {
    const metrics: readonly string[] = metricsByObjectType[object_type];
    if (!metrics.includes(metric)) {
      addIssue({ code: "custom", path: ["metric"], message: `${object_type} has no metric ${metric}` });
    }
    if (!originsOf(object_type, metric).includes(origin ?? defaultOrigin(object_type))) {
      addIssue({ code: "custom", path: ["origin"], message: `${object_type} ${metric} has no origin ${origin}` });
    }
  });
export type EventRequest = z.infer<typeof eventRequest>;

function defaultOrigin(objectType: ObjectType): Origin {
  return objectType === "customer" ? "none" : "campaign";
}

function originsOf(objectType: ObjectType, metric: string): readonly Origin[] {
  if (metric === "cio_subscription_preferences_changed") return ["none", "campaign", "broadcast", "newsletter"];
  if (objectType === "customer") return ["none"];
  const all: Origin[] = ["campaign", "broadcast", "newsletter"];
  return objectType === "email" || objectType === "push" ? [...all, "transactional"] : all;
}

/** Makes up an event in the form of Customer.io's reporting webhook docs or, where they differ, of captured events. */
export function makeEvent(request: EventRequest, clock: AdjustableClock): DocumentedEvent {
  const { object_type, metric } = request;
  const origin = request.origin ?? defaultOrigin(object_type);
  const now = clock.now() - request.days_ago * day;
  const about =
    object_type === "customer"
      ? { email_address: emailOf(request), ...(metric.includes("preferences") && { content: changedPreferences }) }
      : messageData(object_type, request, now);
  const data = { ...personData(request), ...originData(origin, request.delivery_id, now), ...about };
  return { event_id: ulid(now), object_type, metric, timestamp: Math.floor(now / 1000), data };
}

/** Variants of the test event; receivers have observed all of these. */
export const testVariants = ["usual", "no-object-type", "string-timestamp"] as const;
export type TestVariant = (typeof testVariants)[number];

/** The event of the UI's "Send test": a subscribed customer without `cio_id`, as Adobe's tutorial warns. */
export function testEvent(
  variant: TestVariant,
  clock: AdjustableClock,
): Record<string, unknown> & { event_id: string } {
  const seconds = clock.seconds();
  return {
    event_id: ulid(clock.now()),
    ...(variant !== "no-object-type" && { object_type: "customer" }),
    metric: "subscribed",
    timestamp: variant === "string-timestamp" ? String(seconds) : seconds,
    data: {
      customer_id: "42",
      email_address: "test@example.com",
      identifiers: { id: "42", email: "test@example.com" },
    },
  };
}

/** A new delivery id: opaque, with the same characters as real ones. */
export function deliveryId(): string {
  return `dgTQ1QQIBAO${randomBytes(13).toString("base64url")}==`;
}

const changedPreferences = JSON.stringify({ topics: { topic_1: true, topic_4: false } });

function personData({ identifiers, person }: EventRequest): Pick<EventData, "customer_id" | "identifiers"> {
  const id = `person-${person}`;
  const email = `${id}@example.org`;
  const cio_id = `a3000b${person.toString(16).padStart(6, "0")}`;
  switch (identifiers) {
    case "multiple":
      return { customer_id: id, identifiers: { id, email, cio_id } };
    case "id-only":
      return { customer_id: id, identifiers: { id } };
    case "email-only":
      return { customer_id: "", identifiers: { id: null, email, cio_id } };
    case "deleted":
      return { customer_id: "", identifiers: { id: null, email: null, cio_id } };
  }
}

function emailOf({ identifiers, person }: EventRequest): string | null {
  return identifiers === "deleted" ? null : `person-${person}@example.org`;
}

function originData(origin: Origin, delivery_id: string = deliveryId(), now: number): EventData {
  switch (origin) {
    case "campaign":
      return {
        delivery_id,
        campaign_id: 12,
        action_id: 345,
        journey_id: ulid(now),
        parent_action_id: 341,
        trigger_event_id: null,
      };
    case "broadcast":
      return { delivery_id, broadcast_id: 8, trigger_id: 2, action_id: 51 };
    case "newsletter":
      return { delivery_id, newsletter_id: 40, content_id: 61 };
    case "transactional":
      return { delivery_id, transactional_message_id: 3 };
    case "none":
      return {};
  }
}

const failureMessages: Record<Channel, string> = {
  email: "550 5.5.0 Requested action not taken: mailbox unavailable",
  sms: "30003: unreachable handset",
  push: "NotRegistered",
  in_app: "no active session",
  slack: "channel_not_found",
  webhook: "HTTP 404 Not Found []",
  whatsapp: "131026: message undeliverable",
};

function messageData(channel: Channel, request: EventRequest, now: number): EventData {
  return { ...recipientData(channel, request), ...metricData(channel, request, now) };
}

/** Attributes of a metric. Every metric is named, so that the compiler asks what a new one carries. */
function metricData(channel: Channel, { metric, content_bytes }: EventRequest, now: number): EventData {
  switch (metric as Metric) {
    case "sent":
      return {
        content: "x".repeat(content_bytes),
        ...(channel === "email" && { headers: { "X-Campaign": ["autumn"] } }),
      };
    case "opened":
      return channel === "email" ? { proxied: false, prefetched: false, synthetic: false } : {};
    case "clicked":
      return {
        href: "https://shop.example.org/offers?id=7&from=message",
        link_id: 3,
        ...(channel === "email" && { machine: false }),
        ...(channel === "in_app" && { tracked_response: "Upgrade" }),
      };
    case "replied":
      return { inbound_event_id: ulid(now), to: "+15550199" };
    case "bounced":
    case "dropped":
      // Push has a failure for each device.
      return channel === "push" ? {} : { failure_message: failureMessages[channel] };
    case "attempted":
    case "deferred":
    case "failed":
    case "undeliverable":
      return { failure_message: failureMessages[channel] };
    case "drafted":
    case "delivered":
    case "converted":
    case "spammed":
    case "subscribed":
    case "unsubscribed":
    case "cio_subscription_preferences_changed":
      return {};
  }
}

function recipientData(channel: Channel, { metric, person }: EventRequest): EventData {
  if (metric === "drafted" || metric === "attempted") return {};
  if (channel === "email") return { recipient: `person-${person}@example.org`, subject: "Your October invoice" };
  if (metric === "failed" || metric === "undeliverable") return {};
  switch (channel) {
    case "push":
      return { recipients: devices(person, metric === "bounced" || metric === "dropped") };
    case "sms":
    case "whatsapp":
      return { recipient: `+1555${String(person).padStart(7, "0")}` };
    case "in_app":
      return metric === "opened" ? {} : { recipient: `person-${person}` };
    case "slack":
      return { recipient: "#ops" };
    case "webhook":
      return { recipient: "https://crm.example.org/hooks/1" };
  }
}

function devices(person: number, haveFailed: boolean): NonNullable<EventData["recipients"]> {
  const failure = haveFailed && { failure_message: failureMessages.push };
  return [
    { device_id: `device-${person}-1`, device_platform: "ios", ...failure },
    { device_id: `device-${person}-2`, device_platform: "android", ...failure },
  ];
}
