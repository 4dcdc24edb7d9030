import { isBlank } from "./event.ts";

/**
 * Every kind of event that a Customer.io reporting webhook sends: the metrics of each `object_type`, in the spelling of
 * payloads. A payload has `object_type` and `metric` separately; a webhook's subscription joins them into one name.
 * The list grows without notice (in-app and WhatsApp came later than the rest), so an unknown pair is never an error.
 */
export const metricsByObjectType = {
  customer: ["subscribed", "unsubscribed", "cio_subscription_preferences_changed"],
  email: [
    "drafted",
    "attempted",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "converted",
    "bounced",
    "dropped",
    "deferred",
    "spammed",
    "failed",
    "unsubscribed",
    "undeliverable",
  ],
  sms: [
    "drafted",
    "attempted",
    "sent",
    "delivered",
    "clicked",
    "converted",
    "bounced",
    "dropped",
    "failed",
    "undeliverable",
    "replied",
  ],
  push: [
    "drafted",
    "attempted",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "converted",
    "bounced",
    "dropped",
    "failed",
    "undeliverable",
  ],
  in_app: ["drafted", "attempted", "sent", "opened", "clicked", "converted", "failed", "undeliverable"],
  slack: ["drafted", "attempted", "sent", "clicked", "converted", "failed"],
  webhook: ["drafted", "attempted", "sent", "clicked", "converted", "failed", "undeliverable"],
  whatsapp: [
    "drafted",
    "attempted",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "converted",
    "bounced",
    "dropped",
    "failed",
    "undeliverable",
    "replied",
  ],
} as const;

/** What an event is about: a person's subscription (`customer`) or a message of one channel. */
export type ObjectType = keyof typeof metricsByObjectType;

/** What happened, in the spelling of payloads. */
export type Metric = (typeof metricsByObjectType)[ObjectType][number];

/** The one metric whose payload name isn't the end of its subscription name (Customer.io's reporting webhook docs). */
const preferencesChanged = {
  metric: "cio_subscription_preferences_changed",
  subscription: "customer_subscription_preferences_changed",
} as const;

/**
 * Whether a metric is a change of subscription preferences, with any prefix or none: payload and subscription already spell
 * it differently.
 */
export function isPreferencesChange(metric: unknown): boolean {
  return typeof metric === "string" && /(^|_)subscription_preferences_changed$/i.test(metric.trim());
}

type JoinedName = {
  [Type in ObjectType]: `${Type}_${Exclude<(typeof metricsByObjectType)[Type][number], typeof preferencesChanged.metric>}`;
}[ObjectType];

/** A name that a reporting webhook can subscribe to: the App API's `events`. */
export type SubscriptionName = JoinedName | typeof preferencesChanged.subscription;

/** A name that may be newer than this catalogue; editors still suggest the known ones. */
export type PossibleSubscriptionName = SubscriptionName | (string & Record<never, never>);

/** All names that Customer.io's App API accepts in a reporting webhook's `events`, in the order of its documentation. */
export const subscriptionNames: readonly SubscriptionName[] = Object.entries(metricsByObjectType).flatMap(
  ([objectType, metrics]) =>
    metrics.map((metric) =>
      metric === preferencesChanged.metric
        ? preferencesChanged.subscription
        : (`${objectType}_${metric}` as SubscriptionName),
    ),
);

const knownNames: ReadonlySet<string> = new Set(subscriptionNames);

function isSubscriptionName(name: string): name is SubscriptionName {
  return knownNames.has(name);
}

/**
 * The event's `object_type`; undefined if it has none, or a blank one. Customer.io's own description misspells it for changes of
 * preferences, so that spelling is read too.
 */
export function objectTypeOf(event: { object_type?: unknown; object_type_type?: unknown }): unknown {
  const { object_type: objectType, object_type_type: misspelled } = event;
  return [objectType, misspelled].find((value) => !isBlank(value));
}

/**
 * Normalizes an `object_type` or `metric` for comparison: trimmed and in lower case, as in the catalogue. Other
 * values stay unchanged.
 */
export function comparedName(value: unknown): unknown {
  return typeof value === "string" ? value.trim().toLowerCase() : value;
}

/**
 * The subscription that sent an event, or undefined for an unknown pair. Ignores case.
 *
 * If a message caused a change of subscription, `object_type` is the message's channel, but the event still belongs to a
 * `customer_` subscription. So `email` with `unsubscribed` may come from `customer_unsubscribed` or from `email_unsubscribed`, and a
 * webhook subscribed to both gets two events for one action. `data` shows which it is: the person's change has
 * `email_address`, the message's has `delivery_id` (Customer.io's reporting webhook docs). If `data` has neither, the
 * result is `email_unsubscribed`.
 *
 * @param event the payload; values of undocumented types count as unknown
 */
export function subscriptionName(event: {
  object_type?: unknown;
  object_type_type?: unknown;
  metric?: unknown;
  data?: unknown;
}): SubscriptionName | undefined {
  const { data } = event;
  const metric = comparedName(event.metric);
  if (isPreferencesChange(metric)) return preferencesChanged.subscription;
  const objectType = comparedName(objectTypeOf(event));
  if (typeof metric !== "string" || (objectType !== undefined && typeof objectType !== "string")) return undefined;
  const ofPerson = `customer_${metric}`;
  const isKnownType = objectType !== undefined && Object.hasOwn(metricsByObjectType, objectType);
  // The channel may be newer than the catalogue.
  if (isSubscriptionName(ofPerson) && isPersonsChange(data)) return ofPerson;
  const own = `${objectType}_${metric}`;
  if (isSubscriptionName(own)) return own;
  return isKnownType && isSubscriptionName(ofPerson) ? ofPerson : undefined;
}

/** Whether `data` belongs to a person's own change of subscription, which has no delivery. */
function isPersonsChange(data: unknown): boolean {
  if (typeof data !== "object" || data === null || !("email_address" in data)) return false;
  return !("delivery_id" in data) || isBlank(data.delivery_id);
}
