import type { OutcomeField, OutcomeName, OutcomeNumber } from "../../../relay/core/delivery/outcomes.ts";

// The relay's log in Application Insights, for queries. Names come from the lines themselves, so that the compiler finds a query that
// asks for a field which no line has any more: it would find nothing, and be silent.

/** The relay writes one line of JSON for each outcome; `line` is that line, parsed. */
export const relayLines = 'AppTraces | where Message startswith "{" | extend line = parse_json(Message)';

/** A field of the line. */
export function lineField(field: OutcomeField): string {
  return `line.${field}`;
}

/** A field of the line that is a number. */
export function lineNumber(field: OutcomeNumber): string {
  return `toint(line.${field})`;
}

/** Whether the line reports that outcome. */
export function isOutcome(name: OutcomeName): string {
  return `tostring(${lineField("outcome")}) == "${name}"`;
}

/** The query over what one relay has written alone: in a workspace that exists already there is more than that. */
export function onlyOf(componentId: string, query: string): string {
  return query.replace(/\bApp[A-Z]\w+/g, `$& | where _ResourceId =~ "${componentId}"`);
}
