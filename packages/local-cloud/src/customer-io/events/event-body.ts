import { subscriptionNames } from "pulumi-customerio/events";

const listed: ReadonlySet<string> = new Set(subscriptionNames);

/** An event of a workspace, with everything that a webhook may get. */
export interface EventBody {
  readonly [key: string]: unknown;
  readonly event_id: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * Whether an event goes to a webhook with this list of `events`. A pair of object type and metric that is not in
 * Customer.io's list goes to every webhook that subscribed to the object type: that is how unannounced metrics reached receivers.
 */
export function isSubscribed({ events }: { readonly events: readonly string[] }, event: EventBody): boolean {
  const name = subscriptionOf(event);
  if (name !== undefined) return events.includes(name);
  return events.some((subscribed) => subscribed.startsWith(`${String(event.object_type)}_`));
}

/**
 * The name in a webhook's `events` that an event belongs to, as Customer.io's reporting webhook docs describe it; undefined if its list has none.
 * A person's own change of subscription may name a channel: only its data, an e-mail address without a delivery, distinguishes it from
 * the message's metric.
 */
export function subscriptionOf({ object_type: objectType, metric, data }: EventBody): string | undefined {
  const what = String(metric).replace(/^cio_(?=subscription_preferences_changed$)/, "");
  const isOwnChange = data !== undefined && "email_address" in data && !("delivery_id" in data);
  const [ofPerson, ofMessage] = [`customer_${what}`, `${String(objectType)}_${what}`];
  return [...(isOwnChange ? [] : [ofMessage]), ofPerson].find((name) => listed.has(name));
}

/** The key that open and click events share with their repeats: delivery and metric; undefined for other events. */
export function repeatKey({ metric, data }: EventBody): string | undefined {
  if (metric !== "opened" && metric !== "clicked") return undefined;
  return typeof data?.delivery_id === "string" ? `${metric} ${data.delivery_id}` : undefined;
}

/**
 * The body of a webhook call, as Go's `encoding/json` writes a map (keys sorted, `<`, `>` and `&` escaped): captured
 * bodies have their keys in that order.
 */
export function bodyText(event: EventBody, withContent: boolean): string {
  const { content: _content, headers: _headers, ...rest } = event.data ?? {};
  const reduced = withContent || event.data === undefined ? event : { ...event, data: rest };
  return JSON.stringify(reduced, withSortedKeys).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
