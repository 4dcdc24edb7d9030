/**
 * Behaviors of Customer.io that no source settles, each as a named switch. A default is the documented behavior if there
 * is one, otherwise the variant that is harder on the caller.
 */
export interface CustomerIoSwitches {
  /** How the App API returns one webhook: as the object itself, or as `{"reporting_webhook": …}`. */
  readonly singleObject: "bare" | "wrapped";
  /** 200 in Customer.io's description; 204 in one of its own clients. The body is empty either way. */
  readonly deleteStatus: 200 | 204;
  /** How an empty list of webhooks is written. */
  readonly emptyList: "array" | "null";
  /** Whether a webhook's `events` are returned in the order of Customer.io's list or of the request. */
  readonly eventOrder: "catalogue" | "as-sent";
  /** Whether a webhook's `endpoint` is returned as it was sent, or with host, port and path in their normal form. */
  readonly endpointForm: "as-sent" | "normalized";
  /** Adds an undocumented field, as Customer.io says it may do at any time. */
  readonly undocumentedField: boolean;
  /** `errors[].status`: a string today, an integer in earlier descriptions. */
  readonly errorStatusType: "string" | "number";
  /** Whether an unlisted name in `events` is refused (400) or accepted. */
  readonly unknownEventNames: "refuse" | "accept";
  /** What the App API keys may do: everything, all but reporting webhooks or history, or nothing from this address. */
  readonly appApiKeyAccess: "full" | "no-reporting-webhooks" | "no-history" | "address-refused";
  /** Whether a call beyond the ten requests a second gets `Retry-After`, which descriptions before September 2026 lack. */
  readonly rateLimitHeader: "retry-after" | "none";
  /** Who shares the ten requests a second. */
  readonly rateLimitScope: "account" | "workspace";
  /** Maximum simultaneous calls to one webhook; 1 is strict first in, first out. */
  readonly lanes: number;
  /** What a failing call holds up: its own webhook's calls, or all of the workspace's. */
  readonly blockingScope: "webhook" | "workspace";
  /** Whether a repeated call has a new `X-CIO-Timestamp` or that of the first attempt. */
  readonly timestampOnRetry: "fresh" | "first";
  /** What happens to events while their webhook is disabled, and to its backlog when it is disabled. */
  readonly whileDisabled: "lost" | "kept";
  /** Seconds before the first retry after a failure that isn't on Customer.io's one-hour list. */
  readonly shortFirstWaitSeconds: number;
  /** Maximum seconds of a call; 4 is documented, tests shorten it. */
  readonly callTimeoutSeconds: number;
  /** Calls a day for messages, activities and metrics; 0: no daily quota. Later ones get 429 without `Retry-After`. */
  readonly historyCallsPerDay: number;
  /** Whether messages that arrive while a list is read move the entries of its later pages. */
  readonly messagePages: "shift" | "stay";
  /** `next` of the last page. */
  readonly lastPage: "empty" | "null" | "absent";
  /** Seconds until a message appears in lists; the delay is documented. */
  readonly messageDelaySeconds: number;
  /** Whether a list includes messages that were created at its `end_ts`. */
  readonly windowEnd: "exclusive" | "inclusive";
  /** Which time a message has for a repeated metric, such as `opened`. */
  readonly repeatedMetrics: "first" | "last";
  /** `human_opened`: a time, or how often it happened. */
  readonly humanMetrics: "time" | "count";
  /** `customer_identifiers` of messages: described, but absent in the description's samples. */
  readonly messageIdentifiers: "present" | "absent";
  /** Which list contains a draft that was sent later. */
  readonly draftedThenSent: "messages" | "drafts";
  /** Whether an activity has the id of the reporting webhook's event. */
  readonly activityIds: "own" | "event-id";
}

export const defaultCustomerIoSwitches: CustomerIoSwitches = {
  singleObject: "bare",
  deleteStatus: 200,
  emptyList: "array",
  eventOrder: "catalogue",
  endpointForm: "as-sent",
  undocumentedField: false,
  errorStatusType: "string",
  unknownEventNames: "refuse",
  appApiKeyAccess: "full",
  rateLimitHeader: "retry-after",
  rateLimitScope: "account",
  lanes: 1,
  blockingScope: "webhook",
  timestampOnRetry: "fresh",
  whileDisabled: "lost",
  shortFirstWaitSeconds: 60,
  callTimeoutSeconds: 4,
  historyCallsPerDay: 0,
  messagePages: "shift",
  lastPage: "empty",
  messageDelaySeconds: 60,
  windowEnd: "exclusive",
  repeatedMetrics: "first",
  humanMetrics: "time",
  messageIdentifiers: "present",
  draftedThenSent: "messages",
  activityIds: "own",
};
