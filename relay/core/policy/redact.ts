import type { CustomerIoEvent } from "pulumi-customerio/events";
import { comparedName, objectTypeOf } from "pulumi-customerio/events";
import { eventFields } from "../../../events/fields.ts";
import { isObject, type JsonObject } from "../event/json.ts";
import { preferencesOf } from "../event/preferences.ts";
import {
  applyTreatment,
  type PersonalSetting,
  PersonalTexts,
  placeholderOf,
  type Treatment,
} from "./personal-texts.ts";
import { keepsAll, type PersonalData } from "./policy.ts";

/** An event without the personal data that is not to go on. */
export interface RedactedEvent {
  readonly event: CustomerIoEvent;
  /** Which settings changed it. */
  readonly redacted: readonly (keyof PersonalData)[];
}

/**
 * Takes the personal data out of an event that the settings name. It goes by field first, whatever the field's value looks like; then
 * the same value is hidden wherever else it is in the event, keys included, in any of its `Spellings`; and then by look, for what no
 * field named.
 *
 * - `content`: a message's `content` and `headers`. A person's preferences are no message, whatever the metric is called, and stay.
 * - `recipient`: `recipient`, `to`, and each device's id, whatever they are: an address, a number, a channel. The fields that say who
 *   the event is about keep the same value, since `email` speaks of those.
 * - `email`: `identifiers.email`, `email_address`, and an e-mail's `recipient` and `to`; and every text that looks like an address, or
 *   has one within, anywhere (an id may be one too).
 *
 * `drop` leaves null. `hash` leaves the SHA-256 of the value, composed (NFC), trimmed and in lower case, as lower-case hexadecimal
 * digits, which is what Platform's identity namespace "Emails (SHA256, lowercased)" holds. An e-mail address has few enough guesses
 * that its hash is a pseudonym and no more. Within a longer text, such as a failure message, and in a key, a mark takes the value's place.
 */
export function redact(original: CustomerIoEvent, options: PersonalData): RedactedEvent {
  if (keepsAll(options)) return { event: original, redacted: [] };
  const event: CustomerIoEvent = structuredClone(original);
  const redacted = new Set<keyof PersonalData>();
  if (options.content === "drop" && isObject(event.data) && preferencesOf(event) === undefined) {
    for (const key of ["content", "headers"]) if (replace(event.data, key, null)) redacted.add("content");
  }
  if (options.email === "keep" && options.recipient === "keep") return { event, redacted: [...redacted] };

  const texts = new PersonalTexts(options.email);
  const fields = personalFields(event, options);
  for (const { holder, key, setting, treatment } of fields) texts.add(ownValue(holder, key), setting, treatment);
  const done = new Map<JsonObject, Set<string>>();
  for (const { holder, key, setting, treatment } of fields) {
    if (replace(holder, key, applyTreatment(ownValue(holder, key), treatment))) redacted.add(setting);
    done.set(holder, (done.get(holder) ?? new Set()).add(key));
  }
  const identifying = identifyingKeys(event);
  const hideIn = (holder: JsonObject, key: string, text: string): void => {
    const hidden = texts.hide(text, identifying.get(holder)?.has(key) === true);
    if (hidden && replace(holder, key, hidden.text)) for (const setting of hidden.settings) redacted.add(setting);
  };
  const hideKey = (key: string): string => {
    const hidden = knownKeys.has(key) ? undefined : texts.hide(key, false);
    for (const setting of hidden?.settings ?? []) redacted.add(setting);
    return hidden ? (hidden.text ?? placeholderOf(key)) : key;
  };
  eachObject(event, (holder) => {
    for (const [key, value] of Object.entries(holder)) {
      const isDone = done.get(holder)?.has(key) === true;
      if (!isDone && typeof value === "string") hideIn(holder, key, value);
      // A shorter number may as well be any count or id.
      if (!isDone && typeof value === "number" && value >= 1_000_000) hideIn(holder, key, String(value));
    }
    if (!Array.isArray(holder)) renameKeys(holder, hideKey);
  });
  return { event, redacted: [...redacted] };
}

/** A field that holds personal data whatever its value looks like. */
interface PersonalField {
  readonly holder: JsonObject;
  readonly key: string;
  readonly setting: PersonalSetting;
  readonly treatment: Treatment;
}

function personalFields(event: CustomerIoEvent, { email, recipient }: PersonalData): PersonalField[] {
  const { data } = event;
  if (!isObject(data)) return [];
  const devices = Array.isArray(data.recipients) ? data.recipients.filter(isObject) : [];
  const isEmail = comparedName(objectTypeOf(event)) === "email";
  const all = [
    ...(isObject(data.identifiers) ? [field(data.identifiers, "email", "email", email)] : []),
    field(data, "email_address", "email", email),
    ...["recipient", "to"].map((key) =>
      // An e-mail's recipient is both, and the stricter setting holds.
      isEmail && isStricter(email, recipient)
        ? field(data, key, "email", email)
        : field(data, key, "recipient", recipient),
    ),
    ...devices.map((device) => field(device, "device_id", "recipient", recipient)),
  ];
  return all.filter(({ treatment }) => treatment !== "keep");
}

function field(holder: JsonObject, key: string, setting: PersonalSetting, treatment: Treatment): PersonalField {
  return { holder, key, setting, treatment };
}

function isStricter(one: Treatment, other: Treatment): boolean {
  const order: readonly Treatment[] = ["keep", "hash", "drop"];
  return order.indexOf(one) > order.indexOf(other);
}

/** Where an event says who it is about. A phone number is for `recipient`, as no other setting speaks of it. */
function identifyingKeys({ data }: CustomerIoEvent): ReadonlyMap<unknown, ReadonlySet<string>> {
  if (!isObject(data)) return new Map();
  return new Map([
    [data, new Set(["customer_id", "email_address"])],
    [data.identifiers as JsonObject, new Set(["id", "email", "cio_id"])],
  ]);
}

/** Names that Customer.io gives its attributes: none is ever a person's. */
const knownKeys: ReadonlySet<string> = new Set(
  [
    "recipients",
    "device_id",
    "device_platform",
    "headers",
    "object_type_type",
    ...eventFields.map(({ source }) => source),
  ].flatMap((path) => path.split(".")),
);

function ownValue(holder: JsonObject, key: string): unknown {
  return Object.hasOwn(holder, key) ? holder[key] : undefined;
}

/** @returns whether there was another value */
function replace(holder: JsonObject, key: string, value: unknown): boolean {
  const present = ownValue(holder, key);
  if (present === undefined || present === null || present === value) return false;
  // As defineProperty, since a key may be __proto__.
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
  return true;
}

/** Goes through everything below, without recursion: bodies may be nested as deep as JSON can be read. */
function eachObject(root: JsonObject, visit: (holder: JsonObject) => void): void {
  const open: JsonObject[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    visit(holder);
    for (const value of Object.values(holder))
      if (typeof value === "object" && value !== null) open.push(value as JsonObject);
  }
}

/** Gives keys other names in their order; two that become the same get a number. */
function renameKeys(holder: JsonObject, rename: (key: string) => string): void {
  const entries = Object.entries(holder).map(([key, value]) => ({ key, value, name: rename(key) }));
  if (entries.every(({ key, name }) => key === name)) return;
  for (const { key } of entries) delete holder[key];
  const counts = new Map<string, number>();
  for (const { name, value } of entries) {
    let unique = name;
    // It goes on counting where it was: thousands of keys may have become the same.
    let count = counts.get(name) ?? 1;
    while (Object.hasOwn(holder, unique)) {
      count += 1;
      unique = `${name} ${count}`;
    }
    counts.set(name, count);
    Object.defineProperty(holder, unique, { value, configurable: true, enumerable: true, writable: true });
  }
}
