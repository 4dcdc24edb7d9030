import type { OutcomeField, OutcomeName, OutcomeNumber } from "../../../relay/core/delivery/outcomes.ts";

// The relay's log in Application Insights, for queries. Names come from the lines themselves, so that the compiler finds a query that
// asks for a field that no line has: it would find nothing, without an error.

/**
 * The records of one relay in a table, also in a shared workspace. A new workspace may not have the table yet, which refuses a
 * plain query: `isfuzzy` makes it find nothing.
 *
 * @param componentId Azure's id of the relay's Application Insights component
 */
export function recordsOf(table: "AppTraces" | "AppExceptions", componentId: string): string {
  return `union isfuzzy=true ${table} | where _ResourceId =~ "${componentId}"`;
}

/** The relay writes one line of JSON for each outcome; `line` is that line, parsed. */
export function relayLines(componentId: string): string {
  return `${recordsOf("AppTraces", componentId)} | where Message startswith "{" | extend line = parse_json(Message)`;
}

/** A field of the line. */
export function lineField(field: OutcomeField): string {
  return `line.${field}`;
}

/** A field of the line that is a number. The ages of many events in one line may sum up to more seconds than an `int` can hold. */
export function lineNumber(field: OutcomeNumber): string {
  return `tolong(line.${field})`;
}

/** Whether the line reports that outcome. */
export function isOutcome(name: OutcomeName): string {
  return `tostring(${lineField("outcome")}) == "${name}"`;
}
