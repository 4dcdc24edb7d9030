import { type CustomerIoEvent, isBlank, objectTypeOf } from "pulumi-customerio/events";
import { type EventField, eventFields } from "../../../events/fields.ts";
import { isPlaceholderWord, longestIdentity } from "../../../events/identity-map.ts";
import { unreadMark } from "../policy/personal-texts.ts";
import type { ClassifiedEvent } from "./classify.ts";
import { coerce } from "./coerce.ts";
import { isRebuiltEventId, ownEventId } from "./event-id.ts";
import { readEventTime } from "./event-time.ts";
import { isObject, type JsonObject } from "./json.ts";
import { preferencesOf } from "./preferences.ts";
import { unknownAttributes } from "./unknown-attributes.ts";

/** Adobe's streaming inlet answers 413 to more than 1 MB. */
const maxRecordBytes = 1_000_000;

/** The only unbounded property: a message's whole HTML. It is left out if the inlet would refuse the record because of its size. */
const unboundedSource = ["data", "content"];

/** The path of a value, and its conversion. */
interface Conversion {
  readonly path: readonly string[];
  /** @returns undefined for a value that does not fit */
  readonly convert: (value: unknown) => unknown;
}

/** Every source path of the mapping, except those that the relay itself fills. */
const conversions: readonly Conversion[] = eventFields
  .filter(({ source }) => !source.startsWith("relay.") && source !== "event_id" && source !== "timestamp")
  .map((field) => ({ path: field.source.split("."), convert: conversionOf(field) }));

function conversionOf({ identifier, source, type }: EventField): Conversion["convert"] {
  const isId = identifier || source.endsWith("_id");
  const convert = (value: unknown) => (isId && value === unreadMark ? undefined : coerce(value, type));
  if (!identifier) return convert;
  return (value) => (isBlank(value) ? null : isPlaceholder(value) ? undefined : convert(value));
}

/** Whether an identifier is a placeholder or too long. */
function isPlaceholder(value: unknown): boolean {
  return isPlaceholderWord(value) || (typeof value === "string" && value.length > longestIdentity);
}

/**
 * The body that the relay sends to Platform: the event, plus an object `relay`.
 *
 * - `relay.occurred_at`: the event's time as ISO 8601, or the time of receipt if that is earlier or the event has no time, since an
 *   ExperienceEvent's timestamp must be in the past (Adobe's ExperienceEvent docs). Every attempt sends the same time.
 * - `relay.received_at`: when the relay received it.
 * - `relay.origin`: `rebuilt` if `customerio-aep backfill` rebuilt it from Customer.io's record, else null.
 * - `relay.device_ids`, `device_platforms`, `device_failures`, `headers`: values that Customer.io nests too deeply for a row.
 * - `relay.topics`, `topics_off`, `channels`, `channels_off`: a person's preferences, null if the event has none.
 * - `relay.unmapped`: source paths of values that did not fit the type of their field. They are null, except `event_id` and
 *   `timestamp`, which the relay replaces by its own values, and `data.headers` and `data.recipients`, whose lists leave out only what
 *   can't be read.
 * - `relay.unknown`: paths of attributes that the catalogue has no field for.
 *
 * The body contains every source path of the mapping, as null if Customer.io did not send it: in Platform, a mapping that refers to a
 * missing attribute is an error (Adobe's streaming monitoring docs). Values of another type are converted if that keeps their meaning,
 * and blank identifiers are null.
 *
 * @param receivedAt ISO 8601
 * @returns the JSON text
 */
export function enrich({ event, id }: Pick<ClassifiedEvent, "event" | "id">, receivedAt: string): string {
  const received = Date.parse(receivedAt);
  const time = readEventTime(event.timestamp);
  const unmapped: string[] = [];
  if (ownEventId(event.event_id) === undefined) unmapped.push("event_id");
  if (time?.documented !== true) unmapped.push("timestamp");
  const relay = {
    occurred_at: new Date(Math.min(time?.milliseconds ?? received, received)).toISOString(),
    received_at: receivedAt,
    origin: isRebuiltEventId(id) ? "rebuilt" : null,
    ...pushDevices(event, unmapped),
    headers: headersOf(event, unmapped),
    ...preferenceLists(event),
    unmapped,
    unknown: unknownAttributes(event),
  };
  const body: JsonObject = {
    ...event,
    event_id: id,
    timestamp: Math.floor((time?.milliseconds ?? received) / 1000),
    object_type: objectTypeOf(event),
    relay,
  };
  const owned = new Set<object>();
  for (const conversion of conversions) setPath(body, conversion, { unmapped, owned });
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text) <= maxRecordBytes) return text;
  setPath(body, { path: unboundedSource, convert: () => undefined }, { unmapped, owned });
  return JSON.stringify(body);
}

/**
 * Replaces the value at a path by its conversion, or by null. A path is listed in `unmapped` if its value became null. Missing objects
 * on the path are created; the event's own objects are copied once, into `owned`.
 */
function setPath(
  body: JsonObject,
  { path, convert }: Conversion,
  { unmapped, owned }: { unmapped: string[]; owned: Set<object> },
): void {
  let parent = body;
  for (const [depth, key] of path.entries()) {
    const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (depth === path.length - 1) {
      const converted = value === null ? null : convert(value);
      if (converted === undefined && value !== undefined) unmapped.push(path.join("."));
      parent[key] = converted ?? null;
    } else if (isObject(value) && owned.has(value)) {
      parent = value;
    } else {
      if (!isObject(value) && value !== undefined && value !== null) unmapped.push(path.slice(0, depth + 1).join("."));
      const own: JsonObject = isObject(value) ? { ...value } : {};
      owned.add(own);
      parent[key] = own;
      parent = own;
    }
  }
}

const isGiven = (value: unknown) => value !== undefined && value !== null;
const isText = (value: unknown) => typeof value === "string";
const asText = (value: unknown) => coerce(value, "string");
const isUnreadable = (value: unknown) => isGiven(value) && asText(value) === undefined;

/** A push message's devices, as lists of text; a failure is listed with its device. */
function pushDevices({ data }: CustomerIoEvent, unmapped: string[]) {
  const recipients = isObject(data) && isGiven(data.recipients) ? data.recipients : [];
  const given = Array.isArray(recipients) ? recipients.filter(isGiven) : [];
  const devices = given.filter(isObject);
  const attributes = ["device_id", "device_platform", "failure_message"] as const;
  const areRead =
    devices.length === given.length && devices.every((one) => !attributes.some((key) => isUnreadable(one[key])));
  if (!Array.isArray(recipients) || !areRead) unmapped.push("data.recipients");
  const texts = (key: (typeof attributes)[number]) => devices.map((device) => asText(device[key])).filter(isText);
  const failures = devices.flatMap(({ device_id: id, failure_message: message }) => {
    const words = [id, message].map(asText);
    return words[1] === undefined || words[1] === "" ? [] : words.filter(isText).join(": ");
  });
  return {
    device_ids: texts("device_id"),
    device_platforms: [...new Set(texts("device_platform"))],
    device_failures: failures,
  };
}

/** An e-mail's custom headers, each as `Name: value`, since a schema can't know their names in advance. */
function headersOf({ data }: CustomerIoEvent, unmapped: string[]): string[] {
  const headers = isObject(data) ? data.headers : undefined;
  if (!isGiven(headers)) return [];
  const lists = isObject(headers) ? Object.entries(headers) : [];
  const values = lists.flatMap(([name, value]) => [value].flat().map((one: unknown) => ({ name, value: one })));
  if (!isObject(headers) || values.some(({ value }) => isUnreadable(value))) unmapped.push("data.headers");
  return values.flatMap(({ name, value }) => {
    const text = asText(value);
    return text === undefined ? [] : `${name}: ${text}`;
  });
}

function preferenceLists(event: CustomerIoEvent) {
  const { topics, channels } = preferencesOf(event) ?? {};
  return {
    topics: topics?.on ?? null,
    topics_off: topics?.off ?? null,
    channels: channels?.on ?? null,
    channels_off: channels?.off ?? null,
  };
}
