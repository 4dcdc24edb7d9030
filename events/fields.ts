import type { DocumentedEvent, EventData, PersonData } from "pulumi-customerio/events";

/** Platform's types that the fields use: `long` is a 64-bit integer, `date-time` an ISO 8601 time. */
export type EventFieldType = "string" | "long" | "boolean" | "date-time" | "string[]";

/** A path of Customer.io's events, or of the object that the relay adds. The compiler refuses a path that `DocumentedEvent` lacks. */
type SourcePath =
  | keyof DocumentedEvent
  | `data.${keyof EventData}`
  | `data.identifiers.${keyof NonNullable<PersonData["identifiers"]>}`
  | `relay.${string}`;

/** One field of a dataset row: its name in Platform, and where to find its value in the body sent to Platform. */
export interface EventField {
  /** The property's name under `_<tenant>.customerio`. */
  readonly name: string;
  /** Dot path into the body that the relay sends to Platform: Customer.io's event, plus the relay's own `relay` object. */
  readonly source: SourcePath;
  readonly title: string;
  readonly description: string;
  readonly type: EventFieldType;
  /** Customer.io sometimes or always sends a value of another type, which has to be converted. */
  readonly differs?: true;
  /** It identifies the person; a blank value counts as absent. */
  readonly identifier?: true;
  /** One of the seven target fields that Adobe's Customer.io tutorial calls mandatory. */
  readonly tutorial?: true;
}

/**
 * The fields of Adobe's Customer.io tutorial. `timestamp` keeps Customer.io's Unix seconds; the record's own `timestamp`,
 * which Platform requires as ISO 8601, has a mapping of its own.
 */
const tutorialFields: readonly EventField[] = [
  {
    name: "object_type",
    source: "object_type",
    title: "Object Type",
    description:
      "What the event is about: customer, email, sms, push, in_app, slack, webhook or whatsapp. A change of subscription that a message caused has that message's channel.",
    type: "string",
    tutorial: true,
  },
  {
    name: "id",
    source: "data.identifiers.id",
    title: "Person Id",
    description: "The person's id in Customer.io. Empty for people known by e-mail address only.",
    type: "string",
    identifier: true,
    tutorial: true,
  },
  {
    name: "email",
    source: "data.identifiers.email",
    title: "Person E-mail",
    description:
      "The person's e-mail address. Empty for people known by id only and in workspaces that identify people by id alone.",
    type: "string",
    identifier: true,
    tutorial: true,
  },
  {
    name: "event_id",
    source: "event_id",
    title: "Event Id",
    description: "The event's unique id, given by Customer.io. The record's _id has the same value.",
    type: "string",
    tutorial: true,
  },
  {
    name: "cio_id",
    source: "data.identifiers.cio_id",
    title: "Customer.io Id",
    description:
      "Customer.io's own id of the person, which outlives changes of id and e-mail address. Empty in workspaces that identify people by id alone.",
    type: "string",
    identifier: true,
    tutorial: true,
  },
  {
    name: "metric",
    source: "metric",
    title: "Metric",
    description: "What happened, such as sent, delivered, opened, clicked, bounced, subscribed or unsubscribed.",
    type: "string",
    tutorial: true,
  },
  {
    name: "timestamp",
    source: "timestamp",
    title: "Timestamp (Unix seconds)",
    description:
      "When the event happened, in seconds since 1970 as Customer.io sends it. The record's own timestamp is the same moment as a date.",
    type: "long",
    tutorial: true,
  },
];

const personFields: readonly EventField[] = [
  {
    name: "customer_id",
    source: "data.customer_id",
    title: "Customer Id (deprecated)",
    description:
      "The person's id as Customer.io sent it before it had several identifiers. Empty once the person was deleted. Person Id is the field to use.",
    type: "string",
    identifier: true,
  },
  {
    name: "email_address",
    source: "data.email_address",
    title: "Subscription E-mail Address",
    description: "The person's e-mail address as events about subscriptions carry it.",
    type: "string",
    identifier: true,
  },
  {
    name: "phone",
    source: "data.identifiers.phone",
    title: "Person Phone Number",
    description: "The person's phone number, in workspaces that identify people by phone number.",
    type: "string",
    identifier: true,
  },
];

const originFields: readonly EventField[] = [
  {
    name: "delivery_id",
    source: "data.delivery_id",
    title: "Delivery Id",
    description: "The one message sent to the one person. Every event of that message has the same delivery id.",
    type: "string",
  },
  {
    name: "campaign_id",
    source: "data.campaign_id",
    title: "Campaign Id",
    description: "The campaign that sent the message.",
    type: "long",
  },
  {
    name: "action_id",
    source: "data.action_id",
    title: "Action Id",
    description: "The message's step in the workflow of the campaign or broadcast.",
    type: "long",
  },
  {
    name: "parent_action_id",
    source: "data.parent_action_id",
    title: "Parent Action Id",
    description: "The step that the action belongs to, such as a randomized split.",
    type: "long",
  },
  {
    name: "journey_id",
    source: "data.journey_id",
    title: "Journey Id",
    description: "The person's one path through the workflow of a campaign or API-triggered broadcast.",
    type: "string",
  },
  {
    name: "trigger_event_id",
    source: "data.trigger_event_id",
    title: "Trigger Event Id",
    description: "The event that set off the campaign for the person.",
    type: "string",
  },
  {
    name: "broadcast_id",
    source: "data.broadcast_id",
    title: "Broadcast Id",
    description: "The API-triggered broadcast that sent the message.",
    type: "long",
  },
  {
    name: "trigger_id",
    source: "data.trigger_id",
    title: "Trigger Id",
    description: "The one run of the API-triggered broadcast, as the call that triggered it was answered.",
    type: "long",
  },
  {
    name: "newsletter_id",
    source: "data.newsletter_id",
    title: "Newsletter Id",
    description: "The newsletter (one-time send) that sent the message.",
    type: "long",
  },
  {
    name: "content_id",
    source: "data.content_id",
    title: "Content Id",
    description: "The newsletter's variant, in a test of variants or languages.",
    type: "long",
  },
  {
    // Customer.io's docs don't state its type: the samples have integers, but messages can also have names.
    name: "transactional_message_id",
    source: "data.transactional_message_id",
    title: "Transactional Message Id",
    description: "The template of the transactional message.",
    type: "string",
    differs: true,
  },
];

const messageFields: readonly EventField[] = [
  {
    name: "recipient",
    source: "data.recipient",
    title: "Recipient",
    description:
      "Where the message went: an e-mail address (email), a phone number (sms, whatsapp), a person's id or e-mail address (in_app), a channel or user (slack), a URL (webhook). An e-mail address is only certain for email.",
    type: "string",
  },
  {
    name: "subject",
    source: "data.subject",
    title: "Subject",
    description: "The e-mail's subject.",
    type: "string",
  },
  {
    name: "content",
    source: "data.content",
    title: "Content",
    description:
      "The body of a sent message, or the changed subscription preferences as JSON. Only if the webhook sends body content.",
    type: "string",
  },
  {
    name: "failure_message",
    source: "data.failure_message",
    title: "Failure Message",
    description: "Why the message failed, in the words of Customer.io or the delivery provider.",
    type: "string",
  },
  {
    name: "href",
    source: "data.href",
    title: "Link",
    description: "The address of the link that was clicked.",
    type: "string",
  },
  {
    name: "link_id",
    source: "data.link_id",
    title: "Link Id",
    description: "Customer.io's id of the tracked link that was clicked.",
    type: "long",
  },
  {
    name: "tracked_response",
    source: "data.tracked_response",
    title: "Tracked Response",
    description: "The action name of what was clicked in an in-app message.",
    type: "string",
  },
  {
    name: "machine",
    source: "data.machine",
    title: "Clicked by a Machine",
    description: "True if a machine, such as a link scanner, clicked the link in the e-mail.",
    type: "boolean",
  },
  {
    name: "proxied",
    source: "data.proxied",
    title: "Opened through a Proxy",
    description: "True if the e-mail was fetched by a proxy that hides who the person is and where.",
    type: "boolean",
  },
  {
    name: "prefetched",
    source: "data.prefetched",
    title: "Prefetched",
    description: "True if Gmail, Apple's privacy protection or another machine opened the e-mail.",
    type: "boolean",
  },
  {
    name: "synthetic",
    source: "data.synthetic",
    title: "Inferred Open",
    description: "True if Customer.io inferred the open from a click that came before any open.",
    type: "boolean",
  },
  {
    name: "inbound_event_id",
    source: "data.inbound_event_id",
    title: "Inbound Event Id",
    description: "The reply's unique id (sms, whatsapp).",
    type: "string",
  },
  {
    name: "to",
    source: "data.to",
    title: "Replied to",
    description: "The phone number that the person replied to, which is the sender of the original message.",
    type: "string",
  },
];

/** Fields that the relay adds: lists in place of nested objects, and a report of its own changes. */
const relayFields: readonly EventField[] = [
  {
    name: "device_platforms",
    source: "relay.device_platforms",
    title: "Device Platforms",
    description: "The platforms of the push message's devices (ios, android), each once.",
    type: "string[]",
  },
  {
    name: "device_ids",
    source: "relay.device_ids",
    title: "Device Ids",
    description: "The tokens of the devices that the push message was for.",
    type: "string[]",
  },
  {
    name: "device_failures",
    source: "relay.device_failures",
    title: "Device Failures",
    description: "Why the push message failed on some of its devices, each as the device's token and the reason.",
    type: "string[]",
  },
  {
    name: "topics",
    source: "relay.topics",
    title: "Topics",
    description:
      "The subscription topics that a change of preferences turned on. Only if the webhook sends body content.",
    type: "string[]",
  },
  {
    name: "topics_off",
    source: "relay.topics_off",
    title: "Topics Turned off",
    description:
      "The subscription topics that a change of preferences turned off. Only if the webhook sends body content.",
    type: "string[]",
  },
  {
    name: "channels",
    source: "relay.channels",
    title: "Channels",
    description: "The channels that a change of preferences turned on. Only if the webhook sends body content.",
    type: "string[]",
  },
  {
    name: "channels_off",
    source: "relay.channels_off",
    title: "Channels Turned off",
    description: "The channels that a change of preferences turned off. Only if the webhook sends body content.",
    type: "string[]",
  },
  {
    name: "headers",
    source: "relay.headers",
    title: "Headers",
    description:
      "The custom headers of a sent e-mail, each as its name, a colon and its value. Only if the webhook sends body content.",
    type: "string[]",
  },
  {
    name: "received_at",
    source: "relay.received_at",
    title: "Received at",
    description: "When the relay received the event from Customer.io.",
    type: "date-time",
  },
  {
    name: "origin",
    source: "relay.origin",
    title: "Origin",
    description:
      "The word rebuilt for an event that customerio-aep backfill rebuilt from what Customer.io recorded, with fewer attributes. Empty for an event that Customer.io sent.",
    type: "string",
  },
  {
    name: "unmapped",
    source: "relay.unmapped",
    title: "Unmapped",
    description:
      "Paths of values that did not fit the type of their field, so that the field was left empty. For event_id and timestamp, which every record needs, the relay filled in what it could read, else an id made of the event's content and the time of receipt. Normally empty itself.",
    type: "string[]",
  },
  {
    name: "unknown",
    source: "relay.unknown",
    title: "Unknown Attributes",
    description:
      "Paths of attributes that Customer.io sent and this schema has no field for; the setting mapping can bring them into the row. Normally empty.",
    type: "string[]",
  },
];

/**
 * Every field of the dataset, in reading order. Attributes that Customer.io nests too deeply for a row become lists:
 * `data.headers` becomes `headers`, since a schema needs names in advance; `data.recipients` becomes `device_ids`,
 * `device_platforms` and `device_failures`.
 */
export const eventFields: readonly EventField[] = [
  ...tutorialFields,
  ...personFields,
  ...originFields,
  ...messageFields,
  ...relayFields,
];
