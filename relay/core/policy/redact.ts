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

/** An event without the personal data that the settings exclude. */
export interface RedactedEvent {
  readonly event: CustomerIoEvent;
  /** The settings that changed it. */
  readonly redacted: readonly (keyof PersonalData)[];
}

/**
 * Removes the personal data that the settings name from an event. First it clears the fields that hold such data, whatever their values
 * look like. Then it hides the same values everywhere else in the event, keys included, in any of their `Spellings`. Last, it hides
 * everything else that looks like an e-mail address.
 *
 * - `content`: a message's `content` and `headers`. A person's preferences are not a message, whatever the metric's name, and stay.
 * - `recipient`: `recipient`, `to`, and each device's id, whether address, number or channel. The fields that say who the event is about
 *   keep the same value, since `email` governs those.
 * - `email`: `identifiers.email`, `email_address`, and an e-mail's `recipient` and `to`; and every text anywhere that looks like an
 *   address or contains one (an id may be one too).
 *
 * `drop` leaves null. `hash` leaves the SHA-256 of the value, composed (NFC), trimmed and in lower case, as lower-case hexadecimal
 * digits: the format of Platform's identity namespace "Emails (SHA256, lowercased)". E-mail addresses are easy to guess, so a hash is
 * only a pseudonym. Within a longer text, such as a failure message, and in a key, a mark replaces the value.
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
  const names = new Map<JsonObject, Map<string, string>>();
  for (const { holder, key, text, isKey } of textsByLength(event, done)) {
    const hidden = texts.hide(text, !isKey && identifying.get(holder)?.has(key) === true);
    if (!hidden) continue;
    if (isKey) names.set(holder, (names.get(holder) ?? new Map()).set(key, hidden.text ?? placeholderOf(key)));
    if (isKey || replace(holder, key, hidden.text)) for (const setting of hidden.settings) redacted.add(setting);
  }
  for (const [holder, renamed] of names) renameKeys(holder, (key) => renamed.get(key) ?? key);
  return { event, redacted: [...redacted] };
}

/** A text of an event: a key, or the value of that key. */
interface PlacedText {
  readonly holder: JsonObject;
  readonly key: string;
  readonly text: string;
  readonly isKey: boolean;
}

/**
 * The texts of an event that may hold personal data, shortest first: if one text has so many escapes that the time for the event is up,
 * the ids, which are shorter, have been read.
 *
 * @param done the values that need no look
 */
function textsByLength(event: CustomerIoEvent, done: ReadonlyMap<JsonObject, ReadonlySet<string>>): PlacedText[] {
  const texts: PlacedText[] = [];
  eachObject(event, (holder) => {
    for (const [key, value] of Object.entries(holder)) {
      const isName = !Array.isArray(holder) && !knownKeys.has(key);
      if (isName) texts.push({ holder, key, text: key, isKey: true });
      // A shorter number may be a count or an id.
      const isText = typeof value === "string" || (typeof value === "number" && value >= 1_000_000);
      if (isText && done.get(holder)?.has(key) !== true) texts.push({ holder, key, text: String(value), isKey: false });
    }
  });
  return texts.sort((one, other) => one.text.length - other.text.length);
}

/** A field that always holds personal data, whatever its value looks like. */
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
      // Both settings apply to an e-mail's recipient: the stricter one wins.
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

/** The keys that say who an event is about. Phone numbers are absent, since only `recipient` covers them. */
function identifyingKeys({ data }: CustomerIoEvent): ReadonlyMap<unknown, ReadonlySet<string>> {
  if (!isObject(data)) return new Map();
  return new Map([
    [data, new Set(["customer_id", "email_address"])],
    [data.identifiers as JsonObject, new Set(["id", "email", "cio_id"])],
  ]);
}

/** Customer.io's own attribute names, which never hold personal data. */
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

/** @returns whether the value changed */
function replace(holder: JsonObject, key: string, value: unknown): boolean {
  const present = ownValue(holder, key);
  if (present === undefined || present === null || present === value) return false;
  // Assignment would not create a key named __proto__.
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
  return true;
}

/** Visits every object and list below the root. Not recursive, since a body may be nested as deeply as JSON.parse allows. */
function eachObject(root: JsonObject, visit: (holder: JsonObject) => void): void {
  const open: JsonObject[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    visit(holder);
    for (const value of Object.values(holder)) {
      if (typeof value === "object" && value !== null) open.push(value as JsonObject);
    }
  }
}

/** Renames keys and keeps their order. Duplicate names get a number. */
function renameKeys(holder: JsonObject, rename: (key: string) => string): void {
  const entries = Object.entries(holder).map(([key, value]) => ({ key, value, name: rename(key) }));
  if (entries.every(({ key, name }) => key === name)) return;
  for (const { key } of entries) delete holder[key];
  const counts = new Map<string, number>();
  for (const { name, value } of entries) {
    let unique = name;
    // Continues from the last number, since thousands of keys may get the same name.
    let count = counts.get(name) ?? 1;
    while (Object.hasOwn(holder, unique)) {
      count += 1;
      unique = `${name} ${count}`;
    }
    counts.set(name, count);
    Object.defineProperty(holder, unique, { value, configurable: true, enumerable: true, writable: true });
  }
}
