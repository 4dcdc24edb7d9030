import { createHash } from "node:crypto";
import { isBlank, subscriptionName } from "pulumi-customerio/events";
import type { RebuiltEvent } from "pulumi-customerio/history";
import { mailboxesOf } from "../../../relay/core/policy/email-address.ts";
import { judge } from "../../../relay/core/policy/filter.ts";
import type { EventFilters } from "../../../relay/core/policy/policy.ts";

/** The settings in force that say which events are expected in the dataset. */
export interface Expectation {
  /** Undefined without a relay, which is what filters. */
  readonly filters: EventFilters | undefined;
  /** The webhook's events; undefined if nobody knows them. */
  readonly subscribed: readonly string[] | undefined;
  /** Present if the App API key's workspace does not have the webhook, so that its record may be another workspace's: what to do. */
  readonly webhookGone?: string;
}

/**
 * Why an event need not be in the dataset: the webhook does not subscribe to it, or a filter leaves it out. Uses
 * today's settings.
 *
 * @returns a reason, beginning with `?` if Customer.io's record lacks what a filter tests; undefined if the event is
 * expected
 */
export function reasonToLeaveOut(event: RebuiltEvent, { filters, subscribed }: Expectation): string | undefined {
  const name = subscriptionName(event);
  if (name !== undefined && subscribed !== undefined && !subscribed.includes(name)) {
    return `the webhook does not subscribe to ${name}`;
  }
  if (filters === undefined) return undefined;
  const usesDomains = filters.only?.recipientDomains !== undefined || filters.except?.recipientDomains !== undefined;
  // The event had the person's address of its time. The record has today's identifiers, none for a deleted person, and perhaps none at all;
  // the recipient of most messages is a phone number, an id or a URL.
  if (usesDomains && !hasAddress(event.data.recipient) && isBlank(emailOf(event))) {
    return "?a filter tests the person's e-mail address, which Customer.io's record lacks";
  }
  const { rule, unread } = judge(event, filters);
  if (rule !== undefined) return `the filter ${rule} leaves it out`;
  return unread ? "?a filter tests a value that Customer.io's record lacks" : undefined;
}

/** Increase it with each change of `reasonToLeaveOut` or of the lists that are read, so that a folder's record is read again after an update. */
const edition = 3;

/** Changes with the settings, with `reasonToLeaveOut`, and once the key's workspace has the webhook. It says nothing about the settings. */
export function digestOf({ filters, subscribed, webhookGone }: Expectation): string {
  const text = JSON.stringify([edition, filters ?? null, subscribed?.toSorted() ?? null, webhookGone !== undefined]);
  return createHash("sha256").update(text).digest("hex");
}

function hasAddress(recipient: unknown): boolean {
  return typeof recipient === "string" && mailboxesOf(recipient).addresses.length > 0;
}

function emailOf({ data }: RebuiltEvent): unknown {
  const { identifiers } = data as { identifiers?: { email?: unknown } };
  return identifiers?.email;
}
