/**
 * One event as a Customer.io reporting webhook posts it: the request's whole JSON body, of which nothing is promised. Customer.io
 * adds metrics and attributes without notice, and an event refused for one of them would be an event lost; so every reader checks
 * what it reads. See `DocumentedEvent` for what to expect.
 */
export type CustomerIoEvent = {
  event_id?: unknown;
  timestamp?: unknown;
  object_type?: unknown;
  object_type_type?: unknown;
  metric?: unknown;
  data?: unknown;
  [attribute: string]: unknown;
};

/**
 * Whether a value identifies nobody. Customer.io sends null, a blank text or nothing at all for an identifier that a person lacks,
 * and templates and imports write the word null; as identities they would be the same person for everybody.
 */
export function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "string" && /^\s*(null)?\s*$/i.test(value);
}

/**
 * An event as Customer.io's reporting webhook docs describe it: for code that writes events. Code that reads them takes
 * `CustomerIoEvent`, whose types promise nothing.
 */
export type DocumentedEvent = {
  /** The event's unique id (a ULID). */
  event_id: string;
  /** A key of `metricsByObjectType`, or one that came after it; absent on some changes of preferences. */
  object_type?: string;
  /** One of `metricsByObjectType`, or one that came after it. */
  metric?: string;
  /** Unix seconds at which the event happened. */
  timestamp: number;
  data?: EventData;
};

/** The `data` of any event: which groups of properties are there depends on object type, metric and workspace. */
export type EventData = PersonData & OriginData & MessageData & SubscriptionData & ClickData & OpenData & ReplyData;

/** Who the event is about. A workspace that knows people by id only sends `identifiers.id` and nothing else. */
export type PersonData = {
  /** Deprecated by Customer.io in favor of `identifiers`; blank once the person was deleted. */
  customer_id?: string;
  identifiers?: {
    id?: string | null;
    email?: string | null;
    cio_id?: string;
    /** Not described for events by any source; workspaces can identify people by phone number. */
    phone?: string | null;
  };
};

/** What sent the message: a campaign, an API-triggered broadcast, a newsletter, or a transactional message. */
export type OriginData = {
  delivery_id?: string;
  action_id?: number;
  parent_action_id?: number;
  journey_id?: string;
  campaign_id?: number | null;
  /** The event that set off the campaign. */
  trigger_event_id?: string | null;
  broadcast_id?: number | null;
  trigger_id?: number;
  newsletter_id?: number | null;
  /** The newsletter's variant. */
  content_id?: number;
  /** Customer.io documents no type; its samples have integers. */
  transactional_message_id?: number | string;
};

/** The message itself. */
export type MessageData = {
  /** E-mail address, phone number, id or e-mail (in-app), channel or user (Slack), URL (webhook); not for push. */
  recipient?: string;
  /** Push only: the devices. */
  recipients?: { device_id: string; device_platform?: string; failure_message?: string }[];
  /** E-mail only. */
  subject?: string;
  /** The body of a sent message (only when the webhook has `with_content`), or see `SubscriptionData`. */
  content?: string;
  /** E-mail only, together with `content`. */
  headers?: Record<string, string[]>;
  /** Free text, mostly the delivery provider's. */
  failure_message?: string;
};

/** A person's change of subscription. */
export type SubscriptionData = {
  email_address?: string | null;
  /** Changed preferences: JSON as text, such as `{"topics":{"topic_1":true}}`; only when the webhook has `with_content`. */
  content?: string;
};

/** A click on a tracked link. */
export type ClickData = {
  href?: string;
  link_id?: number;
  /** E-mail only: a machine clicked, not a person. */
  machine?: boolean;
  /** In-app only: the name of the response that was clicked. */
  tracked_response?: string;
};

/** An opened e-mail: what suggests that a machine opened it. */
export type OpenData = {
  proxied?: boolean;
  prefetched?: boolean;
  synthetic?: boolean;
};

/** A reply to an SMS or WhatsApp message. */
export type ReplyData = {
  inbound_event_id?: string;
  /** The number that was replied to. */
  to?: string;
};
