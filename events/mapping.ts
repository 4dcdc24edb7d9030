import { type EventField, eventFields } from "./fields.ts";

/** One item of a Data Prep mapping set. It copies a source attribute to a field of the schema, or calculates a value. */
export type EventMapping = {
  readonly sourceType: "ATTRIBUTE" | "EXPRESSION";
  /** Dot path into the event that Platform receives, or a Data Prep expression. */
  readonly source: string;
  /** Dot path into the schema. */
  readonly destination: string;
};

/**
 * The mapping from the body that the relay sends to the schema's fields.
 *
 * The ExperienceEvent class requires `_id` and `timestamp`: the first from Customer.io's event id, which stays the
 * same when an event is sent again; the second from the ISO 8601 time that the relay adds, since an ExperienceEvent
 * refuses Customer.io's Unix seconds.
 *
 * @param tenantId the organization's tenant id, without the leading underscore
 * @param testMode leaves `cio_id` unmapped, as Adobe's Customer.io tutorial asks while Customer.io sends test events,
 *   which have no such attribute
 * @param fields the fields that the schema has; default: all
 */
export function eventMappings({
  tenantId,
  testMode,
  fields = eventFields,
}: {
  tenantId: string;
  testMode: boolean;
  fields?: readonly EventField[];
}): EventMapping[] {
  const mapped = testMode ? fields.filter(({ name }) => name !== "cio_id") : fields;
  return [
    attribute("event_id", "_id"),
    attribute("relay.occurred_at", "timestamp"),
    ...mapped.map(({ name, source }) => attribute(source, `_${tenantId}.customerio.${name}`)),
  ];
}

function attribute(source: string, destination: string): EventMapping {
  return { sourceType: "ATTRIBUTE", source, destination };
}
