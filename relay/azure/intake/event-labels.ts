import { addPathCounts } from "../../core/counts/path-counts.ts";
import type { Admission } from "../../core/event/admit.ts";
import { mostUnknownPaths } from "../../core/event/unknown-attributes.ts";

/** What the log says about an accepted event. */
export type EventLabel =
  | { readonly eventKind: string }
  | { readonly redacted: string }
  /** A filter could not read a property. */
  | { readonly unread: true }
  | { readonly unknown: readonly string[] };

export function labelsOf({
  eventKind,
  redacted,
  unread,
  unknown,
}: Extract<Admission, { kind: "admitted" }>): EventLabel[] {
  const labels: EventLabel[] = [{ eventKind }, ...redacted.map((setting) => ({ redacted: setting }))];
  if (unread) labels.push({ unread });
  if (unknown.length > 0) labels.push({ unknown });
  return labels;
}

/** The sums of the labels of a group's events; labels that no event has are left out. */
export function countLabels(labels: readonly EventLabel[]): Record<string, unknown> {
  const redacted: Record<string, number> = {};
  const kinds = new Map<string, number>();
  const unknown = new Map<string, number>();
  let [unread, unknownAttributes] = [0, 0];
  for (const label of labels) {
    if ("eventKind" in label) addPathCounts(kinds, { [label.eventKind]: 1 });
    else if ("redacted" in label) redacted[label.redacted] = (redacted[label.redacted] ?? 0) + 1;
    else if ("unread" in label) unread += 1;
    else {
      unknownAttributes += 1;
      addPathCounts(unknown, Object.fromEntries(label.unknown.map((path) => [path, 1])), mostUnknownPaths);
    }
  }
  return {
    kinds: Object.fromEntries(kinds),
    ...(Object.keys(redacted).length > 0 && { redacted }),
    ...(unread > 0 && { unread }),
    ...(unknownAttributes > 0 && { unknownAttributes, unknown: Object.fromEntries(unknown) }),
  };
}
