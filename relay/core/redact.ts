import { createHash } from "node:crypto";
import type { CustomerIoEvent } from "../../events/event.ts";
import { emailAddress, withoutEmailAddresses } from "./email-address.ts";
import { isObject, type JsonObject } from "./json.ts";
import type { PersonalData } from "./policy.ts";

/** An event without the personal data that is not to go on. */
export interface RedactedEvent {
  readonly event: CustomerIoEvent;
  /** Which settings changed it. */
  readonly redacted: readonly (keyof PersonalData)[];
}

/** `metric` of a change of subscription preferences, whose `content` holds the topics and no message. */
const preferencesChanged = "cio_subscription_preferences_changed";

/**
 * Takes the personal data out of an event that the settings name, and leaves the event as it is if there is none.
 *
 * - `content`: the message's `content` and `headers`. The `content` of a change of preferences stays.
 * - `recipient`: `recipient`, `to`, and each device's id, whatever they are: an address, a number, a channel.
 * - `email`: every e-mail address in `data`, wherever it is (an id may be one too). Within a longer text, such as a failure message,
 *   a mark takes its place.
 *
 * `drop` leaves null. `hash` leaves the SHA-256 of the trimmed value in lower case, as lower-case hexadecimal digits, which is what
 * Platform's identity namespace "Emails (SHA256, lowercased)" holds; an e-mail address has few enough guesses that its hash is a
 * pseudonym and no more.
 */
export function redact(event: CustomerIoEvent, options: PersonalData): RedactedEvent {
  if (!event.data || Object.values(options).every((treatment) => treatment === "keep")) return { event, redacted: [] };
  const data = structuredClone(event.data);
  const redacted = new Set<keyof PersonalData>();
  if (options.content === "drop" && event.metric !== preferencesChanged) {
    for (const key of ["content", "headers"]) {
      if (replace(data, key, null)) redacted.add("content");
    }
  }
  if (options.recipient !== "keep") {
    const devices = Array.isArray(data.recipients) ? data.recipients.filter(isObject) : [];
    const places = [
      [data, "recipient"],
      [data, "to"],
      ...devices.map((device) => [device, "device_id"] as const),
    ] as const;
    for (const [holder, key] of places) {
      if (replace(holder, key, options.recipient === "hash" ? hashOf(holder[key]) : null)) redacted.add("recipient");
    }
  }
  if (options.email !== "keep" && hideEmailAddresses(data, options.email)) redacted.add("email");
  return redacted.size > 0 ? { event: { ...event, data }, redacted: [...redacted] } : { event, redacted: [] };
}

/** @returns whether there was another value */
function replace(holder: JsonObject, key: string, value: unknown): boolean {
  const present = Object.hasOwn(holder, key) ? holder[key] : undefined;
  if (present === undefined || present === null || present === value) return false;
  holder[key] = value;
  return true;
}

/** Goes through everything below, without recursion: bodies may be nested as deep as JSON can be read. */
function hideEmailAddresses(data: JsonObject, treatment: "hash" | "drop"): boolean {
  let found = false;
  const open: unknown[] = [data];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    if (typeof holder !== "object" || holder === null) continue;
    const values = holder as JsonObject;
    for (const [key, value] of Object.entries(values)) {
      if (typeof value === "object") {
        open.push(value);
        continue;
      }
      if (typeof value !== "string") continue;
      const address = emailAddress(value);
      const hidden =
        address === undefined ? withoutEmailAddresses(value) : treatment === "hash" ? hashOf(address) : null;
      if (replace(values, key, hidden)) found = true;
    }
  }
  return found;
}

function hashOf(value: unknown): string | null {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return text === "" ? null : createHash("sha256").update(text.trim().toLowerCase()).digest("hex");
}
