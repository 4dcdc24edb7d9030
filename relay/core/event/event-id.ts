import { createHash, createHmac } from "node:crypto";
import { isBlank } from "pulumi-customerio/events";
import { unreadMark } from "../policy/personal-texts.ts";
import { coerce } from "./coerce.ts";

/** The prefix of ids that are derived from a body. */
const derivedIdPrefix = "customerio-aep-body-";

/** The prefix of ids of events that were rebuilt from Customer.io's record. */
const rebuiltIdPrefix = "customerio-aep-rebuilt-";

/**
 * The id of an event that is rebuilt from what Customer.io recorded, which has no `event_id`. It is the same in each run, and contains no
 * time, since the time that the record has for a repeated open may change.
 */
export function rebuiltEventId(occurrence: { delivery: string; objectType: string; metric: string }): string {
  return `${rebuiltIdPrefix}${occurrence.delivery}-${occurrence.objectType}-${occurrence.metric}`;
}

export function isRebuiltEventId(id: string): boolean {
  return id.startsWith(rebuiltIdPrefix);
}

/** Customer.io's id of the event; undefined if it has none, or none that could be read. */
export function ownEventId(value: unknown): string | undefined {
  const id = isBlank(value) || value === unreadMark ? undefined : coerce(value, "string");
  return typeof id === "string" ? id : undefined;
}

/** Hexadecimal digits of a digest: 128 bits. */
const digestLength = 32;

/**
 * Distinguishes events whose personal data are removed before they are stored: equal bodies have equal digests, other bodies differ.
 * The digest is stored beside the rest of the event, so it needs a secret: a guessed address could be checked against a plain hash.
 *
 * @param body as Customer.io sent it
 * @param secret a signing key. The hashed text can't be mistaken for a signed call, which begins with `v0:`.
 */
export function digestBody(body: string, secret: string): string {
  return createHmac("sha256", secret).update("event:").update(body).digest("hex").slice(0, digestLength);
}

/**
 * An id for an event without one. The same body always gets the same id, so a repeated call makes no second record.
 *
 * @param body as it is stored
 * @param digest the `digestBody` of the received body, if personal data were removed from it
 */
export function deriveEventId(body: string, digest?: string): string {
  return `${derivedIdPrefix}${digest ?? createHash("sha256").update(body).digest("hex").slice(0, digestLength)}`;
}
