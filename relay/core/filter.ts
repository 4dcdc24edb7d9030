import { isPreferencesChange, objectTypeOf, subscriptionName } from "../../events/catalogue.ts";
import { type CustomerIoEvent, isBlank } from "../../events/event.ts";
import { verification } from "../../events/verification.ts";
import { domainOf, mailboxesOf } from "./email-address.ts";
import { isObject } from "./json.ts";
import type { EventFilters } from "./policy.ts";

/** What the filters say of an event. */
export interface Judgement {
  /** The rule that keeps it from Platform, such as `only.metrics` or `except.campaigns`; undefined if it is to go there. */
  readonly rule: string | undefined;
  /** Whether a rule asked for something that could not be read, and let the event pass therefore. */
  readonly unread: boolean;
}

/** What an event has of a property: no value, one or several, or something that can't be read. */
type Found = readonly string[] | "unreadable";

const properties: Readonly<Record<keyof NonNullable<EventFilters["only"]>, (event: CustomerIoEvent) => Found>> = {
  objectTypes: (event) => {
    // A change of subscription names the channel of the message that caused it, and is a customer's nonetheless.
    if (subscriptionName(event)?.startsWith("customer_")) return ["customer"];
    return textOf(objectTypeOf(event));
  },
  metrics: ({ metric }) => textOf(isPreferencesChange(metric) ? preferencesChange : metric),
  campaigns: ({ data }) => {
    const id = isObject(data) ? data.campaign_id : undefined;
    // Customer.io writes ids as numbers; as text they mean the same.
    if (isBlank(id)) return [];
    return typeof id === "number" || typeof id === "string" ? [String(id).trim()] : "unreadable";
  },
  recipientDomains,
};

/** The one metric that is spelt in several ways, as filters compare it. */
const preferencesChange = "subscription_preferences_changed";

const judgedByNone: Judgement = { rule: undefined, unread: false };

/**
 * Applies the filters to an event. Whoever writes them goes by the names of subscriptions, so an event has the object type of the
 * subscription that it came by.
 *
 * A property that an event lacks is in no list: `only.campaigns` lets no event through that no campaign sent. One that can't be read
 * may be in any, so the event passes: an event that is left out is lost, and one too many is a row too many. The same goes for an
 * event without an object type or metric, which Customer.io's events have.
 *
 * An operator's verification is none of Customer.io's events, so `only` does not speak of it: it is left out if it asks for that, or
 * if `except.objectTypes` has `verify`.
 */
export function judge(event: CustomerIoEvent, { only = {}, except = {} }: EventFilters): Judgement {
  if (event.object_type === verification.objectType) {
    if (event.metric === verification.metrics.filtered) return { rule: "verify", unread: false };
    return except.objectTypes?.includes(verification.objectType)
      ? { rule: "except.objectTypes", unread: false }
      : judgedByNone;
  }
  let unread = false;
  for (const name of ["objectTypes", "metrics", "campaigns", "recipientDomains"] as const) {
    if (!only[name] && !except[name]) continue;
    const found = properties[name](event);
    if (found === "unreadable") {
      unread = true;
      continue;
    }
    const isIn = (list: readonly (string | number)[]) => list.some((item) => found.includes(compared(item)));
    if (only[name] && !isIn(only[name])) return { rule: `only.${name}`, unread };
    if (except[name] && isIn(except[name])) return { rule: `except.${name}`, unread };
  }
  return { rule: undefined, unread };
}

function compared(item: string | number): string {
  return isPreferencesChange(item) ? preferencesChange : String(item);
}

function textOf(value: unknown): Found {
  return typeof value === "string" && !isBlank(value) ? [value] : "unreadable";
}

/** The domains of all that the message went to; of a message that names no address, the domain of the person's. */
function recipientDomains(event: CustomerIoEvent): Found {
  const data = isObject(event.data) ? event.data : {};
  const identifiers = isObject(data.identifiers) ? data.identifiers : {};
  for (const field of [data.recipient, identifiers.email, data.email_address]) {
    const domains = domainsIn(field);
    if (domains === "unreadable" || domains.length > 0) return domains;
    if (field === data.recipient && !isBlank(field) && objectTypeOf(event) === "email") return "unreadable";
  }
  return [];
}

function domainsIn(field: unknown): Found {
  if (isBlank(field) || typeof field === "number") return [];
  const domains: string[] = [];
  for (const text of Array.isArray(field) ? field : [field]) {
    if (typeof text !== "string") return "unreadable";
    const { addresses, unreadable } = mailboxesOf(text);
    if (unreadable) return "unreadable";
    for (const address of addresses) {
      const domain = domainOf(address);
      if (domain === undefined) return "unreadable";
      domains.push(domain);
    }
  }
  return domains;
}
