import { type EventBody, subscriptionOf } from "../events/event-body.ts";

/** What sent a message: attributes of its events and, except the last one, of the message in the App API. */
export const parentAttributes = ["campaign_id", "broadcast_id", "newsletter_id", "transactional_message_id"] as const;
export type ParentAttribute = (typeof parentAttributes)[number];

/** Attributes that a message has both in the App API and in its events. */
const sharedAttributes = [
  "recipient",
  "subject",
  "failure_message",
  "action_id",
  "parent_action_id",
  "content_id",
  "trigger_event_id",
  ...parentAttributes,
];

/** Metrics of events for which the App API has no time (they are not in its description of messages). */
const timeless = new Set(["attempted", "deferred", "replied"]);

/** When a metric happened, in Unix seconds. */
interface MetricTimes {
  first: number;
  last: number;
}

/** A delivery as the workspace recorded it. */
export interface LoggedMessage {
  readonly id: string;
  readonly objectType: string;
  /** Unix seconds. */
  created: number;
  /** Milliseconds since 1970 at which it was recorded. */
  readonly recordedAt: number;
  /** Null if the person has none, and after the person is deleted. */
  person: { readonly customer_id: string | null; readonly identifiers: Readonly<Record<string, unknown>> | null };
  isPersonDeleted: boolean;
  /** Those of `sharedAttributes` that its events had. */
  readonly attributes: Record<string, unknown>;
  readonly metrics: Map<string, MetricTimes>;
}

/** The activity log's record of an event. */
export interface LoggedActivity {
  readonly id: string;
  readonly objectType: string;
  readonly metric: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly message: LoggedMessage | undefined;
}

/** What a workspace has recorded about its messages, whether or not a reporting webhook sent it. */
export class MessageLog {
  readonly #messages = new Map<string, LoggedMessage>();
  /** In the order of recording. */
  readonly #activities: LoggedActivity[] = [];
  /** By creation, newest first; undefined if it has to be sorted again. */
  #newestFirst: LoggedMessage[] | undefined;

  /** Records an event. Those without a delivery, such as subscription changes, appear only in the activities. */
  record(event: EventBody, now: number): void {
    const { data = {}, metric, object_type: objectType, timestamp } = event;
    if (typeof metric !== "string" || typeof objectType !== "string" || typeof timestamp !== "number") return;
    const message = subscriptionOf(event)?.startsWith("customer_")
      ? undefined
      : this.#messageOf(data, objectType, timestamp, now);
    this.#activities.push({ id: event.event_id, objectType, metric, timestamp, message });
    if (message === undefined) return;
    message.created = Math.min(message.created, timestamp);
    for (const name of sharedAttributes) {
      if (data[name] !== undefined && data[name] !== null) message.attributes[name] = data[name];
    }
    if (timeless.has(metric)) return;
    const times = message.metrics.get(metric) ?? { first: timestamp, last: timestamp };
    message.metrics.set(metric, {
      first: Math.min(times.first, timestamp),
      last: Math.max(times.last, timestamp),
    });
  }

  /** Deletes a person: their messages stay, without identifiers. Returns the number of messages. */
  deletePerson(customerId: string): number {
    const theirs = [...this.#messages.values()].filter(({ person }) => person.customer_id === customerId);
    for (const message of theirs) {
      message.person = { customer_id: null, identifiers: null };
      message.isPersonDeleted = true;
    }
    return theirs.length;
  }

  get(id: string): LoggedMessage | undefined {
    return this.#messages.get(id);
  }

  /** By creation, newest first. */
  messages(): readonly LoggedMessage[] {
    this.#newestFirst ??= [...this.#messages.values()].sort(
      (one, other) => other.created - one.created || (one.id < other.id ? -1 : 1),
    );
    return this.#newestFirst;
  }

  /** The newest first. */
  activities(): LoggedActivity[] {
    return this.#activities.toSorted((one, other) => other.timestamp - one.timestamp);
  }

  #messageOf(data: NonNullable<EventBody["data"]>, objectType: string, created: number, now: number) {
    const { delivery_id: id, customer_id: customerId, identifiers } = data;
    if (typeof id !== "string") return undefined;
    this.#newestFirst = undefined;
    const known = this.#messages.get(id);
    if (known) return known;
    const message: LoggedMessage = {
      id,
      objectType,
      created,
      recordedAt: now,
      isPersonDeleted: false,
      attributes: {},
      metrics: new Map(),
      person: {
        customer_id: typeof customerId === "string" && customerId !== "" ? customerId : null,
        identifiers: typeof identifiers === "object" ? (identifiers as Record<string, unknown> | null) : null,
      },
    };
    this.#messages.set(id, message);
    return message;
  }
}
