import { lineField, lineNumber, relayLines } from "./relay-log.ts";

/** What happened to the events, hour by hour. */
const countsQuery = `
| summarize accepted = sum(${lineNumber("accepted")}), filtered = sum(${lineNumber("filtered")}),
    delivered = sum(${lineNumber("delivered")}), duplicate = sum(${lineNumber("duplicate")}), retried = sum(${lineNumber("retried")}),
    held = sum(${lineNumber("held")}), dead = sum(${lineNumber("dead")})
  by bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** The age of events, since their receipt, when Platform accepts them. A line may be a sum, so there are no percentiles. */
const ageQuery = `
| where ${lineNumber("delivered")} > 0
| summarize mean = 1.0 * sum(${lineNumber("deliveredSeconds")}) / sum(${lineNumber("delivered")}),
    oldest = max(${lineNumber("ageSeconds")})
  by bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** Events that the stack's settings keep from Platform. */
const choicesQuery = `
| where isnotempty(${lineField("rule")}) or isnotnull(${lineField("redacted")})
| extend choice = iff(isnotempty(${lineField("rule")}), bag_pack(tostring(${lineField("rule")}), ${lineNumber("filtered")}), ${lineField("redacted")})
| mv-expand name = bag_keys(choice) to typeof(string)
| summarize events = sum(toint(choice[name])) by choice = name, bin(TimeGenerated, 1h)
| order by TimeGenerated asc`;

/** The workbook of a relay's counts, from the records of its Application Insights component. */
export function workbookOf(componentId: string) {
  const lines = relayLines(componentId);
  return {
    version: "Notebook/1.0",
    items: [
      chart("Events by outcome", lines + countsQuery),
      chart("Seconds from receipt to delivery", lines + ageQuery),
      chart("Left out by a filter, or without personal data", lines + choicesQuery),
    ],
  };
}

function chart(title: string, query: string) {
  return {
    type: 3,
    content: {
      version: "KqlItem/1.0",
      title,
      query,
      queryType: 0,
      resourceType: "microsoft.operationalinsights/workspaces",
      visualization: "timechart",
      timeContext: { durationMs: 7 * 24 * 60 * 60 * 1000 },
    },
  };
}
