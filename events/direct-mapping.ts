import { type EventField, eventFields } from "./fields.ts";
import { isGiven } from "./identity-map.ts";
import type { EventMapping } from "./mapping.ts";

/**
 * The mapping from an event as Customer.io sends it to the schema's fields, for a webhook that posts straight to Platform's
 * streaming URL. Data Prep does what the relay does otherwise, as far as it can:
 *
 * - A mapping that refers to an attribute which the event lacks is an error (Adobe's streaming monitoring docs), and most
 *   events lack most attributes; so each is asked for first.
 * - An ExperienceEvent's `timestamp` is ISO 8601, made from Customer.io's Unix seconds. Adobe's functions take milliseconds only,
 *   and no page shows arithmetic in an expression; so Platform's own preview proves it before anything sends (`mappingSamples`).
 * - A number that is to be a text is made one.
 *
 * Fields that only the relay fills (devices, topics, time of receipt) stay empty, and any other value of another type than its
 * field's makes Platform refuse the record.
 *
 * @param tenantId the organisation's tenant id, without the leading underscore
 * @param fields those that the schema has; default: all
 */
export function directMappings(tenantId: string, fields: readonly EventField[] = eventFields): EventMapping[] {
  return [
    { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
    {
      sourceType: "EXPRESSION",
      source: `dformat(${attribute("timestamp")} * 1000, "yyyy-MM-dd'T'HH:mm:ss.SSSX")`,
      destination: "timestamp",
    },
    ...fields
      .filter(({ source }) => !source.startsWith("relay."))
      .map(({ name, source, differs, identifier }) => ({
        sourceType: "EXPRESSION" as const,
        source: identifier ? identifierIfGiven(source) : differs ? textIfThere(source) : attributeIfThere(source),
        destination: `_${tenantId}.customerio.${name}`,
      })),
  ];
}

/** An expression for an attribute that an event may lack: its value, or nothing. */
export function attributeIfThere(path: string): string {
  return `iif(contains_key("${path}"), ${attribute(path)}, nullify())`;
}

/** The same for an identifier, which may be blank. */
export function identifierIfGiven(path: string): string {
  return `iif(${isGiven(path)}, ${path}, nullify())`;
}

/** The same as text: none of Adobe's functions converts to text but those that build one. */
function textIfThere(path: string): string {
  const value = attribute(path);
  return `iif(contains_key("${path}") && ${value} != null, concat(${value}, ""), nullify())`;
}

/** An attribute in an expression: the name of a function is a reserved word, unless it stands in `${}` (Adobe's Data Prep functions page). */
function attribute(path: string): string {
  return path === "timestamp" ? "${timestamp}" : path;
}
