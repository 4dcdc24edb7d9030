import type { CustomerIoEvent } from "pulumi-customerio/events";
import { isPreferencesChange, subscriptionName } from "pulumi-customerio/events";
import { coerce } from "./coerce.ts";
import { isObject, type JsonObject, jsonOf } from "./json.ts";

/** A person's subscription preferences in one event. Undefined where the event lists no topics or channels. */
export interface Preferences {
  readonly topics: Switches | undefined;
  readonly channels: Switches | undefined;
}

/** Names of topics or channels that a person turned on and off. */
interface Switches {
  readonly on: readonly string[];
  readonly off: readonly string[];
}

/**
 * The preferences in an event's `content`, which is JSON as text, such as `{"topics":{"topic_1":true},"channels":{"sms":false}}`;
 * undefined if `content` is missing or a message's body. For an unknown metric, the form of `content` decides, so that a new spelling
 * does not turn consent into a message.
 */
export function preferencesOf(event: CustomerIoEvent): Preferences | undefined {
  const content = isObject(event.data) ? event.data.content : undefined;
  if (content === undefined || content === null) return undefined;
  const isNamed = isPreferencesChange(event.metric);
  if (!isNamed && isMessage(event)) return undefined;
  const value = typeof content === "string" ? jsonOf(content) : content;
  if (!isObject(value) || !(isNamed || isObject(value.topics) || isObject(value.channels))) return undefined;
  return { topics: switchesOf(value.topics), channels: switchesOf(value.channels) };
}

/** Whether the catalogue lists the event as a message's event; `content` may then be any JSON. */
function isMessage(event: CustomerIoEvent): boolean {
  return subscriptionName(event)?.startsWith("customer_") === false;
}

function switchesOf(value: unknown): Switches | undefined {
  if (!isObject(value)) return undefined;
  const names = (state: boolean) => namesOf(value, state);
  return { on: names(true), off: names(false) };
}

function namesOf(switches: JsonObject, state: boolean): string[] {
  return Object.entries(switches).flatMap(([name, value]) => (stateOf(value) === state ? [name] : []));
}

/** Whether a topic or channel is on: a boolean, also as text in any case or as 1 and 0. */
function stateOf(value: unknown): unknown {
  if (value === 1 || value === 0) return value === 1;
  return coerce(typeof value === "string" ? value.trim().toLowerCase() : value, "boolean");
}
