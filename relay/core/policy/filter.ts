import {
  type CustomerIoEvent,
  comparedName,
  isBlank,
  isPreferencesChange,
  objectTypeOf,
  subscriptionName,
} from "pulumi-customerio/events";
import { verification } from "../../../events/verification.ts";
import { isObject } from "../event/json.ts";
import { domainOf, mailboxesOf } from "./email-address.ts";
import type { EventFilters } from "./policy.ts";

/** The filters' decision about an event. */
export interface Judgment {
  /** The rule that keeps the event from Platform, such as `only.metrics` or `except.campaigns`; undefined if the event is forwarded. */
  readonly rule: string | undefined;
  /** Whether a rule let the event pass because a property could not be read. */
  readonly unread: boolean;
}

/** The values that an event has for a property. */
interface Found {
  /** Empty if the event lacks the property. */
  readonly values: readonly string[];
  /** Whether the event has further values that can't be read. */
  readonly unreadable: boolean;
}

const unreadable: Found = { values: [], unreadable: true };

const properties: Readonly<Record<keyof NonNullable<EventFilters["only"]>, (event: CustomerIoEvent) => Found>> = {
  objectTypes: (event) => {
    // A subscription change names the channel of the message that caused it, but its object type is still `customer`.
    if (subscriptionName(event)?.startsWith("customer_")) return foundValues("customer");
    return textOf(objectTypeOf(event));
  },
  metrics: ({ metric }) => textOf(isPreferencesChange(metric) ? preferencesChange : metric),
  campaigns: ({ data }) => {
    const id = isObject(data) ? data.campaign_id : undefined;
    if (isBlank(id)) return foundValues();
    // Customer.io writes ids as numbers; as text they mean the same.
    const number = typeof id === "string" ? Number(id) : id;
    return Number.isSafeInteger(number) ? foundValues(String(number)) : unreadable;
  },
  recipientDomains,
};

/** Filters compare all spellings of one metric as this one. */
const preferencesChange = "subscription_preferences_changed";

const judgedByNone: Judgment = { rule: undefined, unread: false };

/**
 * Applies the filters to an event. Operators use the names of subscriptions in filters, so an event's object type is that of the
 * subscription that sent it. Case is ignored on both sides.
 *
 * A missing property matches no list: `only.campaigns` filters out every event that no campaign sent. An unreadable property might
 * match any list, so the event passes: a wrongly filtered event is lost, but a wrongly forwarded one is only an extra row. If an event
 * has several addresses, the readable ones decide first: one match is enough for `except`. A missing object type or metric counts as
 * unreadable, since Customer.io's events have both.
 *
 * An operator's verification is not an event of Customer.io, so `only` does not apply to it. It is filtered if it asks for that, or if
 * `except.objectTypes` contains `verify`.
 */
export function judge(event: CustomerIoEvent, { only = {}, except = {} }: EventFilters): Judgment {
  if (event.object_type === verification.objectType) {
    if (event.metric === verification.metrics.filtered) return { rule: "verify", unread: false };
    return except.objectTypes?.some((item) => comparedName(item) === verification.objectType)
      ? { rule: "except.objectTypes", unread: false }
      : judgedByNone;
  }
  let unread = false;
  for (const name of ["objectTypes", "metrics", "campaigns", "recipientDomains"] as const) {
    if (!only[name] && !except[name]) continue;
    const has = properties[name](event);
    const isIn = (list: readonly (string | number)[]) => list.some((item) => has.values.includes(comparedForm(item)));
    if (only[name] && !isIn(only[name])) {
      if (!has.unreadable) return { rule: `only.${name}`, unread };
      unread = true;
    }
    if (except[name]) {
      if (isIn(except[name])) return { rule: `except.${name}`, unread };
      unread ||= has.unreadable;
    }
  }
  return { rule: undefined, unread };
}

function comparedForm(item: string | number): string {
  return isPreferencesChange(item) ? preferencesChange : String(comparedName(item));
}

function foundValues(...values: readonly string[]): Found {
  return { values, unreadable: false };
}

function textOf(value: unknown): Found {
  return typeof value === "string" && !isBlank(value) ? foundValues(String(comparedName(value))) : unreadable;
}

/** The domains of all recipients; if the message names no address, the domain of the person's address. */
function recipientDomains(event: CustomerIoEvent): Found {
  const data = isObject(event.data) ? event.data : {};
  const identifiers = isObject(data.identifiers) ? data.identifiers : {};
  for (const field of [data.recipient, identifiers.email, data.email_address]) {
    const domains = domainsIn(field);
    if (domains.unreadable || domains.values.length > 0) return domains;
    if (field === data.recipient && !isBlank(field) && comparedName(objectTypeOf(event)) === "email") return unreadable;
  }
  return foundValues();
}

function domainsIn(field: unknown): Found {
  if (isBlank(field) || typeof field === "number") return foundValues();
  const texts = Array.isArray(field) ? field : [field];
  const read = texts.map((text) =>
    typeof text === "string" ? mailboxesOf(text) : { addresses: [], unreadable: true },
  );
  const domains = read.flatMap(({ addresses }) => addresses).map(domainOf);
  const values = domains.filter((domain) => domain !== undefined);
  return { values, unreadable: values.length < domains.length || read.some((part) => part.unreadable) };
}
