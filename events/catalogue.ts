/**
 * Every kind of event that a Customer.io reporting webhook sends: the metrics of each `object_type`, as payloads spell
 * them. A payload carries `object_type` and `metric` apart; the subscription of a webhook joins them into one name.
 *
 * The list grows without notice (in-app and WhatsApp came later than the rest), so unknown pairs are no error anywhere.
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

/** What happened, as payloads spell it. */
export type Metric = (typeof metricsByObjectType)[ObjectType][number];

/** The one metric whose payload name isn't the end of its subscription name (Customer.io's reporting webhook docs). */
const preferencesChanged = {
  metric: "cio_subscription_preferences_changed",
  subscription: "customer_subscription_preferences_changed",
} as const;

type JoinedName = {
  [Type in ObjectType]: `${Type}_${Exclude<(typeof metricsByObjectType)[Type][number], typeof preferencesChanged.metric>}`;
}[ObjectType];

/** A name that a reporting webhook can subscribe to: the App API's `events`. */
export type SubscriptionName = JoinedName | typeof preferencesChanged.subscription;

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
 * The subscription that an event came by, or undefined for a pair that this catalogue doesn't know.
 *
 * A change of subscription that a message caused names the message's channel as `object_type`; it still comes by a
 * `customer_` subscription. So `email` with `unsubscribed` is ambiguous: it may come by `customer_unsubscribed` (its data
 * has `email_address`) or by `email_unsubscribed` (its data has `delivery_id`), and a webhook subscribed to both gets two
 * events for one act. The answer is then `email_unsubscribed`.
 *
 * @param event the payload's `object_type` and `metric` as they came; values that aren't strings are unknown
 */
export function subscriptionName(event: { object_type?: unknown; metric?: unknown }): SubscriptionName | undefined {
  const { object_type: objectType, metric } = event;
  // Customer.io's own description misspells object_type for this metric, so the metric alone decides.
  if (metric === preferencesChanged.metric) return preferencesChanged.subscription;
  if (typeof objectType !== "string" || typeof metric !== "string") return undefined;
  const own = `${objectType}_${metric}`;
  if (isSubscriptionName(own)) return own;
  const ofPerson = `customer_${metric}`;
  return Object.hasOwn(metricsByObjectType, objectType) && isSubscriptionName(ofPerson) ? ofPerson : undefined;
}
