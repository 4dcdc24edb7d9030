import type { CustomerIoEvent } from "../../events/event.ts";
import { eventFields } from "../../events/fields.ts";
import { coerce } from "./coerce.ts";
import { isObject, type JsonObject } from "./json.ts";

/** Adobe's streaming inlet answers 413 to more than 1 MB. */
const maxRecordBytes = 1_000_000;

/** The one property without any bound (a message's whole HTML); it is left out before the inlet would refuse the record. */
const unboundedSource = "data.content";

/** `metric` of a change of subscription preferences, whose `content` holds the topics. */
const preferencesChanged = "cio_subscription_preferences_changed";

/**
 * The body that Platform gets for an event: the event itself, and beside it an object `relay`.
 *
 * - `relay.occurred_at`: the event's time as ISO 8601, or that of its receipt if it is earlier, since an ExperienceEvent's
 *   timestamp must lie in the past (Adobe's ExperienceEvent docs). It is the same at every attempt.
 * - `relay.received_at`: when the relay received it.
 * - `relay.device_ids`, `device_platforms`, `device_failures`, `topics`: what Customer.io nests too deep for a row.
 * - `relay.unmapped`: source paths of values that did not fit the type of their field, and were set to null.
 *
 * Every source path of the mapping is there, as null if Customer.io did not send it: in Platform, a mapping that refers to a
 * missing attribute is an error (Adobe's streaming monitoring docs). Values of another type are converted if that changes nothing
 * but their type.
 *
 * @param receivedAt ISO 8601
 * @returns the JSON text
 */
export function enrich(event: CustomerIoEvent, receivedAt: string): string {
  const relay = {
    occurred_at: new Date(Math.min(event.timestamp * 1000, Date.parse(receivedAt))).toISOString(),
    received_at: receivedAt,
    ...pushDevices(event),
    topics: topicsTurnedOn(event),
    unmapped: [] as string[],
  };
  const body: JsonObject = { ...structuredClone(event), relay };
  for (const { source, type } of eventFields) {
    if (source.startsWith("relay.")) continue;
    setPath(body, source.split("."), (value) => coerce(value, type), relay.unmapped);
  }
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) <= maxRecordBytes) return text;
  setPath(body, unboundedSource.split("."), () => undefined, relay.unmapped);
  return JSON.stringify(body);
}

/**
 * Puts what `convert` makes of the value at the path in its place, or null. A path is listed in `unmapped` if it had a value that
 * became null; objects on the way are made where there are none.
 */
function setPath(
  body: JsonObject,
  path: readonly string[],
  convert: (value: unknown) => unknown,
  unmapped: string[],
): void {
  let parent = body;
  for (const [depth, key] of path.entries()) {
    const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (depth === path.length - 1) {
      const converted = value === null ? null : convert(value);
      if (converted === undefined && value !== undefined) unmapped.push(path.join("."));
      parent[key] = converted ?? null;
    } else if (isObject(value)) {
      parent = value;
    } else {
      if (value !== undefined && value !== null) unmapped.push(path.slice(0, depth + 1).join("."));
      const made = {};
      parent[key] = made;
      parent = made;
    }
  }
}

/** A push message's devices, as lists of text; a failure is told with the device that it is of. */
function pushDevices({ data }: CustomerIoEvent) {
  const recipients = Array.isArray(data?.recipients) ? data.recipients.filter(isObject) : [];
  const isText = (value: unknown) => typeof value === "string";
  const texts = (key: string) => recipients.map((recipient) => recipient[key]).filter(isText);
  const failures = recipients.filter(({ failure_message: message }) => isText(message) && message !== "");
  return {
    device_ids: texts("device_id"),
    device_platforms: [...new Set(texts("device_platform"))],
    device_failures: failures.map(({ device_id: id, failure_message: message }) =>
      isText(id) ? `${id}: ${message}` : String(message),
    ),
  };
}

/** The subscription topics that a change of preferences turned on: `content` is JSON such as `{"topics":{"topic_1":true}}`. */
function topicsTurnedOn({ metric, data }: CustomerIoEvent): string[] {
  if (metric !== preferencesChanged || typeof data?.content !== "string") return [];
  try {
    const content: unknown = JSON.parse(data.content);
    if (!isObject(content) || !isObject(content.topics)) return [];
    return Object.entries(content.topics)
      .filter(([, on]) => on === true)
      .map(([topic]) => topic);
  } catch {
    return [];
  }
}
