import type { DocumentedEvent } from "pulumi-customerio/events";
import { verificationPrefix } from "../relay/core/names.ts";

/**
 * The event by which an operator tries the whole way from the relay to the dataset, on a living stack too. It is distinguished from Customer.io's
 * own by `object_type`, which Customer.io has not, and by the beginning of its id; so no report that asks for a kind of message counts it,
 * and a query leaves it out by `_id NOT LIKE 'customerio-aep-verify-%'`.
 */
export const verification = {
  idPrefix: verificationPrefix,
  objectType: "verify",
  metrics: {
    /** It becomes a row. */
    followed: "followed",
    /** It asks the relay to leave it out. */
    filtered: "filtered",
  },
} as const;

/** An id that tells when it was made: `customerio-aep-verify-20261120T100000Z-0a1b2c3d`. */
export function verificationId(now: Date, random: string): string {
  const time = now.toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
  return `${verification.idPrefix}${time}-${random}`;
}

/** When an id was made; undefined if it is not of a verification. */
export function verificationTime(id: string): Date | undefined {
  const [, ...parts] = id.match(/^customerio-aep-verify-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  if (year === undefined || month === undefined) return undefined;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

/**
 * The event with that id. It has all identifiers, of a person who can't exist, since a schema that is enabled for Profile refuses
 * records without their primary identity; there all verifications together are one profile.
 */
export function verificationEvent(id: string, now: Date, metric: "followed" | "filtered"): DocumentedEvent {
  const person = "customerio-aep-verify";
  return {
    event_id: id,
    object_type: verification.objectType,
    metric: verification.metrics[metric],
    timestamp: Math.floor(now.getTime() / 1000),
    data: {
      customer_id: person,
      // RFC 2606 keeps .invalid from ever being anybody's.
      identifiers: { id: person, email: "verify@customerio-aep.invalid", cio_id: person },
    },
  };
}
