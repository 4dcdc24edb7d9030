import { createHash, createHmac } from "node:crypto";
import { isBlank } from "pulumi-customerio/events";
import { coerce } from "./coerce.ts";

/** The prefix of ids that are not from Customer.io. */
const derivedIdPrefix = "customerio-aep-body-";

/** The prefix of ids of events that were rebuilt from Customer.io's record. */
const rebuiltIdPrefix = "customerio-aep-rebuilt-";

/**
 * The id of an event that is rebuilt from what Customer.io recorded, which has no `event_id`. It is the same at each run, and has no time:
 * of a repeated open, the record's time may change.
 */
export function rebuiltEventId(happening: { delivery: string; objectType: string; metric: string }): string {
  return `${rebuiltIdPrefix}${happening.delivery}-${happening.objectType}-${happening.metric}`;
}

export function isRebuiltEventId(id: string): boolean {
  return id.startsWith(rebuiltIdPrefix);
}

/** The id that Customer.io gave the event; undefined if there is none. */
export function ownEventId(value: unknown): string | undefined {
  const id = isBlank(value) ? undefined : coerce(value, "string");
  return typeof id === "string" ? id : undefined;
}

/** Hexadecimal digits of a digest: 128 bits. */
const digestLength = 32;

/**
 * Tells events apart whose personal data are taken out before they are stored: the same for the same body, another one for any other.
 * It is stored beside what is left of the event, so it needs a secret: anyone could check a guessed address against a plain hash.
 *
 * @param body as Customer.io sent it
 * @param secret a signing key. What is hashed can't be taken for a signed call, which begins with `v0:`.
 */
export function digestBody(body: string, secret: string): string {
  return createHmac("sha256", secret).update("event:").update(body).digest("hex").slice(0, digestLength);
}

/**
 * An id for an event that has none: the same each time for the same body, so that a repeated call makes no second record.
 *
 * @param body as it is stored
 * @param digest the `digestBody` of what came, if personal data were taken out of it
 */
export function deriveEventId(body: string, digest?: string): string {
  return `${derivedIdPrefix}${digest ?? createHash("sha256").update(body).digest("hex").slice(0, digestLength)}`;
}
