import type { LogLine } from "./relay-log-reader.ts";

/** Selects lines of the log; an undefined property matches all. */
export interface TailFilter {
  readonly outcome?: string | undefined;
  readonly objectType?: string | undefined;
  readonly metric?: string | undefined;
  readonly event?: string | undefined;
}

/** What a line counts, in the order in which events travel. `forwarded` has several of them. */
const counts = [
  "accepted",
  "setAside",
  "filtered",
  "refused",
  "unavailable",
  "closed",
  "delivered",
  "duplicate",
  "retried",
  "held",
  "gone",
  "dead",
] as const;

/** The outcomes that can be asked for: those of the lines, and those that a line `forwarded` counts. */
export const tailOutcomes = [...counts, "untaken", "duplicatesUnknown", "claimLeft"] as const;

const idFields = ["ids", "duplicateIds", "goneIds", "waitingIds"] as const;

export function matchesTail(line: LogLine, filter: TailFilter): boolean {
  return (
    (filter.outcome === undefined || line.outcome === filter.outcome || numberIn(line, filter.outcome) > 0) &&
    (filter.event === undefined || idsOf(line).includes(filter.event)) &&
    matchesKind(line, filter)
  );
}

/** Texts that each line has which a filter selects; other lines may have them, too. */
export function textsToFind({ outcome, objectType, metric, event }: TailFilter): string[] {
  const kind = objectType === undefined ? ` ${metric}"` : `"${objectType} ${metric === undefined ? "" : `${metric}"`}`;
  return [
    ...[outcome, event].flatMap((text) => (text === undefined ? [] : [JSON.stringify(text)])),
    ...(objectType === undefined && metric === undefined ? [] : [kind]),
  ];
}

/** Only lines about arrivals have kinds. */
function matchesKind(line: LogLine, { objectType, metric }: TailFilter): boolean {
  if (objectType === undefined && metric === undefined) return true;
  return Object.keys(kindsOf(line)).some((kind) => {
    const [ofType, ofMetric] = kind.split(" ");
    return (objectType === undefined || ofType === objectType) && (metric === undefined || ofMetric === metric);
  });
}

/**
 * A line for people: time, counts, kinds and other information. It uses only known fields, none of which has personal
 * data.
 */
export function renderLine(line: LogLine): string {
  const { fields } = line;
  const counted = counts.filter((name) => numberIn(line, name) > 0).map((name) => `${name} ${numberIn(line, name)}`);
  const kinds = Object.entries(kindsOf(line)).map(([kind, count]) => `${kind} ${count}`);
  const ids = idsOf(line);
  const reasons = [fields.reason, ...reasonsOf(line)].filter((reason) => typeof reason === "string");
  const parts = [
    counted.length > 0 ? counted.join(", ") : line.outcome,
    ...(kinds.length > 0 ? [`(${kinds.join(", ")})`] : []),
    ...(numberIn(line, "ageSeconds") > 0 ? [`age ${numberIn(line, "ageSeconds")} s`] : []),
    ...(typeof fields.rule === "string" ? [`by ${fields.rule}`] : []),
    ...(ids.length > 0 ? [`ids ${ids.slice(0, mostIds).join(", ")}${ids.length > mostIds ? ", …" : ""}`] : []),
    ...(reasons.length > 0 ? [`because ${reasons.join("; ")}`] : []),
  ];
  return `${line.at.toISOString()}  ${parts.join("  ")}`;
}

/** More would fill the screen. */
const mostIds = 5;

/** The known fields of a line, as JSON has them. */
export function describeLine(line: LogLine) {
  const reasons = reasonsOf(line);
  const numbers = counts.flatMap((name) => (numberIn(line, name) > 0 ? [[name, numberIn(line, name)] as const] : []));
  return {
    at: line.at.toISOString(),
    outcome: line.outcome,
    counts: Object.fromEntries(numbers),
    kinds: kindsOf(line),
    ids: idsOf(line),
    ...(typeof line.fields.reason === "string" && { reason: line.fields.reason }),
    ...(reasons.length > 0 && { reasons }),
  };
}

/** The different reasons of a line that sums up several outcomes. */
function reasonsOf({ fields }: LogLine): string[] {
  return [fields.reasons].flat().filter((reason): reason is string => typeof reason === "string");
}

function numberIn({ fields }: LogLine, name: string): number {
  const value = fields[name];
  return typeof value === "number" ? value : 0;
}

function kindsOf({ fields: { kinds } }: LogLine): Record<string, number> {
  return typeof kinds === "object" && kinds !== null ? (kinds as Record<string, number>) : {};
}

function idsOf({ fields }: LogLine): string[] {
  return idFields.flatMap((name) => [fields[name]].flat().filter((id): id is string => typeof id === "string"));
}
