import type { CustomerIoEvent } from "../../events/event.ts";
import { verification } from "../../events/verification.ts";
import { emailAddress } from "./email-address.ts";
import { isObject } from "./json.ts";
import type { EventFilters } from "./policy.ts";

/**
 * The rule that keeps an event from Platform, such as `only.metrics` or `except.campaigns`; undefined if it is to go there.
 *
 * A property that an event lacks is in no list: `only.campaigns` lets no event through that no campaign sent.
 *
 * An operator's verification is none of Customer.io's events, so `only` does not speak of it: it is left out if it asks for that, or
 * if `except.objectTypes` has `verify`.
 */
export function filteredBy(event: CustomerIoEvent, { only = {}, except = {} }: EventFilters): string | undefined {
  if (event.object_type === verification.objectType) {
    if (event.metric === verification.metrics.filtered) return "verify";
    return except.objectTypes?.includes(verification.objectType) ? "except.objectTypes" : undefined;
  }
  const properties = {
    objectTypes: event.object_type,
    metrics: event.metric,
    campaigns: event.data?.campaign_id,
    recipientDomains: recipientDomain(event),
  };
  for (const name of ["objectTypes", "metrics", "campaigns", "recipientDomains"] as const) {
    // Customer.io writes ids as numbers; as text they would mean the same.
    const isIn = (list: readonly (string | number)[]) => list.some((item) => String(item) === String(properties[name]));
    if (only[name] && !isIn(only[name])) return `only.${name}`;
    if (except[name] && isIn(except[name])) return `except.${name}`;
  }
  return undefined;
}

function recipientDomain({ data }: CustomerIoEvent): string | undefined {
  const identifiers = isObject(data?.identifiers) ? data.identifiers : {};
  const address = [data?.recipient, identifiers.email, data?.email_address].map(emailAddress).find(Boolean);
  return address?.slice(address.lastIndexOf("@") + 1);
}
