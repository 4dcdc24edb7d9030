import type { DocumentedEvent } from "pulumi-customerio/events";
import { verificationPrefix } from "../relay/core/names.ts";

/**
 * The event with which an operator tests the whole way from the relay to the dataset, even in production. It differs from Customer.io's
 * own events by its `object_type`, which Customer.io never sends, and by the prefix of its id. So reports by kind of message do not count
 * it, and a query can exclude it with `_id NOT LIKE 'customerio-aep-verify-%'`.
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

/** An id that contains its time: `customerio-aep-verify-20261120T100000Z-0a1b2c3d`. */
export function verificationId(now: Date, random: string): string {
  const time = now.toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
  return `${verification.idPrefix}${time}-${random}`;
}

/** The time in an id; undefined if it is not the id of a verification event. */
export function verificationTime(id: string): Date | undefined {
  const [, ...parts] = id.match(/^customerio-aep-verify-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  if (year === undefined || month === undefined) return undefined;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

/**
 * The event with this id. It has all identifiers, since a schema that is enabled for Profile refuses records without their primary
 * identity. They belong to a person who can't exist; in Profile, all verification events share this one profile.
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
      // RFC 2606 reserves .invalid, and the North American numbering plan 555-0100 to 555-0199, so neither can belong to anyone.
      identifiers: { id: person, email: "verify@customerio-aep.invalid", cio_id: person, phone: "+12025550100" },
    },
  };
}
