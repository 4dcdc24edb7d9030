import type { CustomerIoSwitches } from "../switches.ts";
import { type LoggedMessage, type MessageLog, type ParentAttribute, parentAttributes } from "./message-log.ts";
import { cutPage } from "./pages.ts";
import { type ListQuery, readBoolean, readInteger, readLimit, wronglyEncoded } from "./query.ts";

/** Seconds: the App API's docs do not say how long a month is. */
const month = 30 * 24 * 60 * 60;
const longestWindows = { all: 6 * month, ofParent: 12 * month } as const;

/** Null if they don't apply. `transactional_message_id` is not one of them. */
const shownAttributes = [
  "campaign_id",
  "broadcast_id",
  "newsletter_id",
  "action_id",
  "parent_action_id",
  "content_id",
  "recipient",
  "subject",
  "failure_message",
  "trigger_event_id",
];

/** A list of messages: of the whole workspace, or of one sender. */
export interface ListOptions {
  readonly parent?: { readonly attribute: ParentAttribute; readonly id: number };
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly switches: CustomerIoSwitches;
}

/** `GET /v1/messages` and the lists of one parent's messages: a page of deliveries by their time of creation. */
export function listMessages(log: MessageLog, query: ListQuery, { parent, now, switches }: ListOptions): object {
  const window = windowOf(query, now / 1000, parent ? longestWindows.ofParent : longestWindows.all, switches);
  const limit = readLimit(query, 50, 1000);
  const drafts = readBoolean(query, "drafts");
  const filters = [...parentAttributes, "action_id"].map((name) => [name, readInteger(query, name)] as const);
  if (
    window === wronglyEncoded ||
    limit === wronglyEncoded ||
    drafts === wronglyEncoded ||
    filters.some(([, value]) => value === wronglyEncoded)
  ) {
    return { messages: [], ...cutPage([], { start: undefined, limit: 1 }, switches).next };
  }
  const shown = log
    .messages()
    .filter(
      (message) =>
        message.created >= window.from &&
        message.created < window.to &&
        now - message.recordedAt >= switches.messageDelaySeconds * 1000 &&
        isDraft(message, switches) === drafts &&
        (query.type === undefined || query.type === typeOf(message)) &&
        (query.metric === undefined || message.metrics.has(query.metric)) &&
        (parent === undefined || message.attributes[parent.attribute] === parent.id) &&
        filters.every(([name, value]) => value === undefined || message.attributes[name] === value),
    );
  const { entries, next } = cutPage(shown, { start: query.start, limit }, switches);
  return { messages: entries.map((message) => showMessage(message, switches)), ...next };
}

/** A message as the App API describes it. */
export function showMessage(message: LoggedMessage, switches: CustomerIoSwitches): object {
  const { id, created, person, attributes } = message;
  const metrics = Object.fromEntries(
    [...message.metrics].map(([metric, times]) => [metric, times[switches.repeatedMetrics]]),
  );
  const human = message.metrics.get("opened");
  const lastChange = Math.max(created, ...[...message.metrics.values()].map(({ last }) => last));
  const identifiers = person.identifiers ?? { id: null, email: null, cio_id: null };
  return {
    id,
    deduplicate_id: `${id}:${lastChange}`,
    type: typeOf(message),
    created,
    forgotten: false,
    customer_id: person.customer_id,
    msg_template_id: 43,
    ...(switches.messageIdentifiers === "present" && { customer_identifiers: identifiers }),
    ...Object.fromEntries(shownAttributes.map((name) => [name, attributes[name] ?? null])),
    metrics: {
      created,
      ...metrics,
      ...(human &&
        message.objectType === "email" && {
          human_opened: switches.humanMetrics === "time" ? human.first : 1,
        }),
    },
  };
}

/** The App API's name of a channel: SMS are sent through Twilio. */
function typeOf({ objectType }: LoggedMessage): string {
  return objectType === "sms" ? "twilio" : objectType;
}

function isDraft({ metrics }: LoggedMessage, { draftedThenSent }: CustomerIoSwitches): boolean {
  return metrics.has("drafted") && (draftedThenSent === "drafts" || metrics.size === 1);
}

/**
 * The period that a list covers, in Unix seconds: without `start_ts` and `end_ts` the last 6 months, with only
 * `start_ts` at most those, and for a longer range the 6 months before its end (docs “List messages”).
 */
function windowOf(
  query: ListQuery,
  now: number,
  longest: number,
  { windowEnd }: CustomerIoSwitches,
): { from: number; to: number } | typeof wronglyEncoded {
  const start = readInteger(query, "start_ts");
  const end = readInteger(query, "end_ts");
  if (start === wronglyEncoded || end === wronglyEncoded) return wronglyEncoded;
  const to = end ?? now + 1;
  return { from: Math.max(start ?? 0, to - longest), to: windowEnd === "inclusive" ? to + 1 : to };
}
