import { createHash } from "node:crypto";
import { isBlank } from "pulumi-customerio/events";
import { coerce } from "./coerce.ts";

/** What ids begin with that Customer.io did not give. */
export const derivedIdPrefix = "customerio-aep-body-";

/** The id that Customer.io gave the event; undefined if there is none. */
export function ownEventId(value: unknown): string | undefined {
  const id = isBlank(value) ? undefined : coerce(value, "string");
  return typeof id === "string" ? id : undefined;
}

/** An id for an event that has none: the same each time for the same body, so that a repeated call makes no second record. */
export function derivedEventId(body: string): string {
  return `${derivedIdPrefix}${createHash("sha256").update(body).digest("hex").slice(0, 32)}`;
}
