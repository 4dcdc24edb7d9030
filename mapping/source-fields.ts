import type { ValueKind } from "adobe-data-prep";
import { formatPath, type PathStep } from "adobe-data-prep";
import { type EventFieldType, eventFields } from "../events/fields.ts";
import type { DeliveryMode } from "./settings.ts";

/** The attributes of the events that Platform receives. */
export interface SourceFields {
  /** The kind of value at a path; undefined if the event catalogue lacks the attribute. */
  kind(path: readonly PathStep[]): ValueKind | undefined;
  readonly paths: readonly string[];
}

const kinds: Record<EventFieldType, ValueKind> = {
  string: "string",
  long: "integer",
  boolean: "boolean",
  "date-time": "date-text",
  "string[]": "string[]",
};

/** The attributes of the event catalogue, including the object `relay` if the relay delivers. */
export function sourceFields(delivery: DeliveryMode): SourceFields {
  const all: readonly (readonly [string, ValueKind])[] = [
    ...eventFields.map(({ source, type }) => [source, kinds[type]] as const),
    ["relay.occurred_at", "date-text"],
    // A count of seconds, which Platform does not accept as a date.
    ["timestamp", "epoch-seconds"],
  ];
  const known = new Map(all.filter(([path]) => delivery === "relay" || !path.startsWith("relay.")));
  return {
    paths: [...known.keys()],
    kind: (path) => {
      const fields = path.findLastIndex(({ kind }) => kind === "field") + 1;
      const kind = known.get(formatPath(path.slice(0, fields)));
      const [step, ...deeper] = path.slice(fields);
      if (step === undefined || kind === undefined) return kind;
      if (kind !== "string[]" || deeper.length > 0) return undefined;
      return step.kind === "items" ? "string[]" : "string";
    },
  };
}
