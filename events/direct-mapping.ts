import { formatPath, parseExpression, parsePath, SyntaxProblem } from "adobe-data-prep";
import { isDocumentedTime, occurredAt, occurredAtSeconds } from "./direct-time.ts";
import { type EventField, eventFields } from "./fields.ts";
import { isGiven, isPlaceholder, textOf } from "./identity-map.ts";
import type { EventMapping } from "./mapping.ts";

/**
 * The mapping from an event as Customer.io sends it to the schema's fields, for a webhook that posts straight to Platform's
 * streaming URL. As far as it can, Data Prep does what the relay otherwise does:
 *
 * - A mapping that refers to an attribute which the event lacks is an error (Adobe's streaming monitoring docs), and most
 *   events lack most attributes; so each expression first checks that its attribute exists.
 * - An ExperienceEvent's `timestamp` is ISO 8601, converted from every form of time that occurs (`occurredAt`).
 * - An event without an id gets one. Data Prep can't hash a whole event, so a repeated call makes a second record.
 * - Identifiers that identify nobody are left out. Identifiers and certain other ids that are numbers become text.
 * - `unmapped` names the values that were repaired or left out.
 *
 * Other fields that only the relay fills (devices, topics, time of receipt) stay empty. If any other value does not have its field's
 * type, Platform refuses the record.
 *
 * @param tenantId the organization's tenant id, without the leading underscore
 * @param fields the fields that the schema has; default: all
 */
export function directMappings(tenantId: string, fields: readonly EventField[] = eventFields): EventMapping[] {
  return [
    { sourceType: "EXPRESSION", source: `iif(${hasId}, ${textOf("event_id")}, uuid())`, destination: "_id" },
    { sourceType: "EXPRESSION", source: occurredAt, destination: "timestamp" },
    ...fields
      .filter(({ source }) => !source.startsWith("relay.") || source === "relay.unmapped")
      .map((field) => ({
        sourceType: "EXPRESSION" as const,
        source: expressionOf(field),
        destination: `_${tenantId}.customerio.${field.name}`,
      })),
  ];
}

const hasId = `contains_key("event_id") && !matches_regex(lower(trim(${textOf("event_id")})), "(|null)")`;

function expressionOf({ source, differs, identifier }: EventField): string {
  if (source === "timestamp") return occurredAtSeconds;
  if (source === "event_id") return `iif(${hasId}, ${textOf(source)}, nullify())`;
  if (source === "relay.unmapped") return unmapped;
  if (identifier) return identifierIfGiven(source);
  return differs ? textIfThere(source) : attributeIfThere(source);
}

/** The paths of values that were repaired or left out, in the relay's order. */
const unmapped = `to_array(false, ${[
  `iif(${hasId}, nullify(), "event_id")`,
  `iif(${isDocumentedTime}, nullify(), "timestamp")`,
  ...eventFields
    .filter(({ identifier }) => identifier)
    .map(({ source }) => `iif(${isPlaceholder(source)}, "${source}", nullify())`),
].join(", ")})`;

/** An expression for an attribute that an event may lack: its value, or null. */
export function attributeIfThere(path: string): string {
  return `iif(contains_key("${path}"), ${attributeText(path)}, nullify())`;
}

/** The same for an identifier, as text; null if it identifies nobody. */
export function identifierIfGiven(path: string): string {
  return `iif(${isGiven(path)}, concat(${path}, ""), nullify())`;
}

/** The same as text. */
function textIfThere(path: string): string {
  const value = attributeText(path);
  return `iif(contains_key("${path}") && ${value} != null, concat(${value}, ""), nullify())`;
}

/**
 * An attribute in an expression: its path, wrapped in `${}` if it would be read otherwise. Function names and keywords are reserved (Adobe's
 * Data Prep functions page), and a hyphen is a minus.
 */
export function attributeText(path: string): string {
  const plain = formatPath(parsePath(path));
  try {
    const read = parseExpression(path);
    if (read.kind === "attribute" && formatPath(read.steps) === plain) return path;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
  }
  return `\${${plain}}`;
}
