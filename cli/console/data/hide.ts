import { phoneNumbers } from "../../support/scrub.ts";

/** Attributes that say nothing about a person: the event's kind, time and origin. All others are hidden. */
const open = new Set(
  [
    "event_id",
    "_id",
    "object_type",
    "metric",
    "timestamp",
    "event_type",
    "produced_by",
    "received_at",
    "campaign_id",
    "broadcast_id",
    "newsletter_id",
    "action_id",
    "parent_action_id",
    "content_id",
    "template_id",
    "transactional_message_id",
    "trigger_id",
    "delivery_type",
    "channel_type",
  ].map(fold),
);

/** The text that replaces a hidden value. */
const hidden = "•••";

/** The same name in the spellings of Customer.io and of Platform's schema. */
function fold(name: string): string {
  // A row's "_id" is the event's, but "id" is a person's.
  return name === "_id" ? name : name.replaceAll("_", "").toLowerCase();
}

/** A copy of an event or a row that shows only what says nothing about a person. @param name of the attribute that holds it */
export function hidePersonalData(value: unknown, name = ""): unknown {
  if (value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => hidePersonalData(item, name));
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, hidePersonalData(part, key)]));
  }
  return open.has(fold(name)) || typeof value === "boolean" ? value : hidden;
}

/** A text of a vendor or a person without what may be an address, a phone number, or a quoted value. */
export function hideInText(text: string): string {
  return text
    .replaceAll(/[^\s"'<>()[\]{},;:=]+@[^\s"'<>()[\]{},;:=]+/g, hidden)
    .replaceAll(phoneNumbers, hidden)
    .replaceAll(/(["'])(?:(?!\1).)*\1/g, `"${hidden}"`);
}
