import type { CustomerIoSwitches } from "../switches.ts";
import type { LoggedActivity, MessageLog } from "./message-log.ts";
import { cutPage } from "./pages.ts";
import { type ListQuery, readBoolean, readLimit, wronglyEncoded } from "./query.ts";

/** Seconds for which activities are guaranteed (docs “List activities”); older ones are not listed here. */
const kept = 30 * 24 * 60 * 60;

/** Pairs without an activity in the App API's list of types. */
const unlisted = new Set(["replied_twilio", "replied_whatsapp", "opened_whatsapp", "clicked_whatsapp", "clicked_slack"])
  .add("converted_push")
  .add("drafted_whatsapp");

/** `GET /v1/activities`: a page of the last 30 days' activities, newest first. */
export function listActivities(log: MessageLog, query: ListQuery, now: number, switches: CustomerIoSwitches): object {
  const limit = readLimit(query, 10, 100);
  const deleted = readBoolean(query, "deleted");
  if (limit === wronglyEncoded || deleted === wronglyEncoded) {
    return { activities: [], ...cutPage([], { start: undefined, limit: 1 }, switches).next };
  }
  const shown = log
    .activities()
    .filter(
      (activity) =>
        now / 1000 - activity.timestamp <= kept &&
        !unlisted.has(typeOf(activity)) &&
        (query.type === undefined || query.type === typeOf(activity)) &&
        (query.customer_id === undefined || query.customer_id === activity.message?.person.customer_id) &&
        (deleted || activity.message?.isPersonDeleted !== true),
    );
  const { entries, next } = cutPage(shown, { start: query.start, limit }, switches);
  return { activities: entries.map((activity) => showActivity(activity, switches)), ...next };
}

function typeOf({ objectType, metric }: LoggedActivity): string {
  if (objectType === "customer") return "attribute_change";
  if (objectType === "whatsapp" && metric === "dropped") return "dropped_whatasapp"; // The App API's own spelling.
  return `${metric}_${objectType === "sms" ? "twilio" : objectType}`;
}

function showActivity(activity: LoggedActivity, { activityIds }: CustomerIoSwitches): object {
  const { id, timestamp, message, metric } = activity;
  // It is unknown whether an activity has the id of the reporting webhook's event: reversed, it is a different one.
  const ownId = activityIds === "event-id" ? id : [...id].reverse().join("");
  const shared = { id: ownId, type: typeOf(activity), name: null, timestamp };
  if (message === undefined) {
    const isPreferences = metric === "cio_subscription_preferences_changed";
    const changed = isPreferences ? "cio_subscription_preferences" : "unsubscribed";
    return { ...shared, customer_id: null, data: { [changed]: { from: null, to: metric === "unsubscribed" } } };
  }
  const delivered = message.metrics.get("delivered")?.first ?? null;
  return {
    ...shared,
    customer_id: message.person.customer_id,
    customer_identifiers: message.person.identifiers ?? { id: null, email: null, cio_id: null },
    delivery_id: message.id,
    data: { delivery_id: message.id, delivered, opened: message.metrics.has("opened") || null },
  };
}
