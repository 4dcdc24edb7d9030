/**
 * One event from a Customer.io reporting webhook: the request's whole JSON body, without any promise about its content. Customer.io
 * adds metrics and attributes without notice, and refusing an event because of one would lose it. So every reader checks
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

/** Characters that show nothing, besides white space. Copied text may contain them. */
const invisible = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Whether a value identifies nobody. Customer.io sends null, a blank text or no attribute for an identifier that a person lacks,
 * and templates and imports write the word null. As identities, these would merge everybody into one person. A text of nothing but
 * invisible characters is blank, too.
 */
export function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "string") return false;
  // A single pattern for the whole text would take quadratic time for a long run of blanks.
  const shown = value.replaceAll(invisible, " ").trim();
  return shown === "" || shown.toLowerCase() === "null";
}

/**
 * An event as documented in Customer.io's reporting webhook docs, for code that writes events. Code that reads them uses
 * `CustomerIoEvent`, whose types promise nothing.
 */
export type DocumentedEvent = {
  /** The event's unique id (a ULID). */
  event_id: string;
  /** A key of `metricsByObjectType`, or a newer one; absent on some changes of preferences. */
  object_type?: string;
  /** A metric in `metricsByObjectType`, or a newer one. */
  metric?: string;
  /** Unix seconds at which the event happened. */
  timestamp: number;
  data?: EventData;
};

/** The `data` of any event. Which groups of properties it has depends on object type, metric and workspace. */
export type EventData = PersonData & OriginData & MessageData & SubscriptionData & ClickData & OpenData & ReplyData;

/** The person. A workspace that identifies people by id alone sends only `identifiers.id`. */
export type PersonData = {
  /** Deprecated by Customer.io in favor of `identifiers`; blank once the person was deleted. */
  customer_id?: string;
  identifiers?: {
    id?: string | null;
    email?: string | null;
    cio_id?: string;
    /** Not documented for events, but workspaces can identify people by phone number. */
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
  /** Type not documented; Customer.io's samples have integers. */
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
