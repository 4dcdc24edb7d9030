import { subscriptionName } from "pulumi-customerio/events";

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
  const name = nameOf(event);
  if (name !== undefined) return events.includes(name);
  return events.some((subscribed) => subscribed.startsWith(`${String(event.object_type)}_`));
}

function nameOf(event: EventBody): string | undefined {
  // A person's own change of subscription may name a channel; then only its data distinguishes it from the message's metric.
  const isOwnChange = event.data !== undefined && "email_address" in event.data && !("delivery_id" in event.data);
  return isOwnChange
    ? subscriptionName({ object_type: "customer", metric: event.metric })
    : subscriptionName({ object_type: event.object_type, metric: event.metric });
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
