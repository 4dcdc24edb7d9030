import { type MappingDraft, type MappingItem, maximumPreviewRecords } from "pulumi-aep/client";
import type { DeadLetter } from "../../../relay/core/event/dead-letter.ts";
import { jsonOf } from "../../../relay/core/event/json.ts";
import { type EventPolicy, eventPolicy } from "../../../relay/core/policy/policy.ts";
import { platformOf } from "../../clients.ts";
import { previewRows } from "../../platform/dataset.ts";
import { type MappedEvent, mapSamples } from "../../preview/mapped-events.ts";
import { mappingDraftOf } from "../../preview/mapping-draft.ts";
import type { SampleEvent } from "../../preview/sample-events.ts";
import { valueAtDotPath } from "../../preview/side-by-side.ts";
import { RelayStorageAccount } from "../../relay/relay-storage.ts";
import type { StackSource } from "../../stack/source.ts";
import { policyOf } from "../../stack/source-settings.ts";
import { hideInText, hidePersonalData } from "./hide.ts";

type Json = Readonly<Record<string, unknown>>;

/** An event with its path so far, as received and as a row. */
export interface TracedEvent {
  readonly id: string;
  readonly kind: string;
  /** Where it is. */
  readonly place: "queue" | "dead letter" | "dataset" | "sample";
  /** When it arrived there, ISO 8601; undefined if unknown. */
  readonly at: string | undefined;
  /** The steps of its path, described. */
  readonly path: readonly string[];
  /** As Customer.io sent it; undefined if it is not kept any longer. */
  readonly source: unknown;
  /** In the dataset, or as it would be. */
  readonly row: unknown;
  /** Platform's objections to it. */
  readonly errors: readonly string[];
}

/** The mapped values of an event, as the page shows them. */
interface ShownEvent extends TracedEvent {
  readonly pairs: readonly { source: string; from: unknown; destination: string; to: unknown }[];
}

/** Events of each place. */
export const mostOfEach = 40;

/** Rows from a source other than Platform's preview, the newest last, and the bodies of events that the console itself sent. */
interface MoreEvents {
  readonly rows?: readonly Json[] | undefined;
  readonly bodies: ReadonlyMap<string, unknown>;
}

/** What waits, what died and what has a row, up to a hundred events; and what could not be read. */
export async function traceEvents(
  source: StackSource,
  letters: readonly DeadLetter[],
  more: MoreEvents,
): Promise<{ events: TracedEvent[]; problems: string[] }> {
  const problems: string[] = [];
  const attempt = <T>(work: Promise<T>, fallback: T) =>
    work.catch((error: unknown) => {
      problems.push(error instanceof Error ? error.message : String(error));
      return fallback;
    });
  const [waiting, rows] = await Promise.all([
    source.hasRelay ? attempt(waitingEvents(source), []) : [],
    more.rows ?? attempt(previewRows(platformOf(source), source.datasetId), []),
  ]);
  const unmapped = [...waiting, ...letters.map(describeLetter)];
  const mapped = await attempt(mapTraced(source, unmapped), unmapped);
  const arrived = rows.slice(-maximumPreviewRecords + unmapped.length).toReversed();
  return { events: [...mapped, ...arrived.map((row) => describeRow(row, more.bodies))], problems };
}

async function waitingEvents(source: StackSource): Promise<TracedEvent[]> {
  const events = await (await RelayStorageAccount.open(source)).peekEvents();
  return events.slice(0, mostOfEach).map((event) => {
    const body = "body" in event && event.body !== undefined ? (jsonOf(event.body) as Json) : undefined;
    const tries = event.attempts === 0 ? "not tried yet" : `tried ${event.attempts} times: ${event.lastError ?? ""}`;
    return {
      id: event.id,
      kind: kindOfBody(body),
      place: "queue" as const,
      at: event.receivedAt,
      path: [`accepted at ${event.receivedAt}`, `in the queue, ${tries}`],
      source: body,
      row: undefined,
      errors: [],
    };
  });
}

function describeLetter(letter: DeadLetter): TracedEvent {
  const body = letter.encoding === "utf8" ? (jsonOf(letter.body) as Json | undefined) : undefined;
  return {
    id: letter.eventId ?? "no id",
    kind: kindOfBody(body),
    place: "dead letter",
    at: letter.deadAt,
    path: [
      `accepted at ${letter.receivedAt}`,
      ...(letter.attempts > 0 ? [`tried ${letter.attempts} times`] : []),
      `dead letter (${letter.class}): ${letter.reason}`,
    ],
    source: body,
    row: undefined,
    errors: [],
  };
}

function describeRow(row: Json, bodies: ReadonlyMap<string, unknown>): TracedEvent {
  const id = String(row._id ?? "no id");
  const source = bodies.get(id);
  return {
    id,
    kind: kindOfBody(source as Json | undefined) || String(row.eventType ?? ""),
    place: "dataset",
    at: typeof row.timestamp === "string" ? row.timestamp : undefined,
    path: ["delivered", "a row of the dataset"],
    source,
    row,
    errors: [],
  };
}

function kindOfBody(body: Json | undefined): string {
  return [body?.object_type, body?.metric].filter((part) => typeof part === "string").join(" ");
}

/** The same events with the rows that they would become. */
async function mapTraced(source: StackSource, events: readonly TracedEvent[]): Promise<TracedEvent[]> {
  const withBody = events.filter((event) => event.source !== undefined);
  if (withBody.length === 0) return [...events];
  const samples = withBody.map(({ source: body }, at) => ({ name: String(at), text: JSON.stringify(body) }));
  // The intake has applied the stack's policy before it stored them: again, it would hash the hashes.
  const mapped = await mapTexts(source, samples, eventPolicy.parse({}));
  const byEvent = new Map(withBody.map((event, at) => [event, mapped[at]]));
  return events.map((event) => {
    const found = byEvent.get(event);
    return found ? { ...event, row: found.row, errors: found.errors } : event;
  });
}

/** Lets Platform map events as Customer.io sends them, as `customerio-aep preview` does. */
export function mapReceived(source: StackSource, samples: readonly SampleEvent[]): Promise<TracedEvent[]> {
  return mapTexts(source, samples, source.hasRelay ? policyOf(source) : undefined);
}

async function mapTexts(
  source: StackSource,
  samples: readonly SampleEvent[],
  policy: EventPolicy | undefined,
): Promise<TracedEvent[]> {
  const preview = await mapSamples(platformOf(source), mappingDraftOf(source), samples, policy);
  if ("invalid" in preview) {
    const said = preview.invalid.flatMap(({ mapping, errors }) =>
      errors.map(({ message }) => `${mapping.source} → ${mapping.destination}: ${message}`),
    );
    throw new Error(`Platform refuses ${preview.invalid.length} mappings, so it maps nothing. ${said.join("; ")}`);
  }
  return preview.events.map(describeMapped);
}

function describeMapped(event: MappedEvent): TracedEvent {
  const { sample } = event;
  const body = jsonOf(sample.text) as Json | undefined;
  const shared = {
    id: String(body?.event_id ?? sample.name),
    kind: kindOfBody(body) || sample.name,
    place: "sample" as const,
    at: undefined,
    source: body ?? sample.text,
  };
  if (event.fate === "mapped") {
    const errors = event.mapped.errors.map(({ source, destination, message }) =>
      [[source, destination].filter(Boolean).join(" → "), message].filter(Boolean).join(": "),
    );
    const unknown = event.unknown.map((path) => `unknown attribute ${path}`);
    const fate = errors.length === 0 ? "becomes a row" : "fails in Platform";
    return { ...shared, path: [sample.name, fate, ...unknown], row: event.mapped.row, errors };
  }
  const why = event.fate === "filtered" ? `left out by the filter ${event.rule}` : `a dead letter: ${event.reason}`;
  return {
    ...shared,
    path: [sample.name, why],
    row: undefined,
    errors: event.fate === "filtered" ? [] : [event.reason],
  };
}

/** For the page: with the mapped values side by side, and without personal data unless they are requested. */
export function showEvents(events: readonly TracedEvent[], draft: MappingDraft, isPersonal: boolean): ShownEvent[] {
  return events.map((event) => {
    const source = isPersonal ? event.source : hidePersonalData(event.source);
    const row = isPersonal ? event.row : hidePersonalData(event.row);
    const inText = (text: string) => (isPersonal ? text : hideInText(text));
    return {
      ...event,
      source,
      row,
      path: event.path.map(inText),
      errors: event.errors.map(inText),
      pairs: draft.mappings.flatMap((mapping) => pairOf(mapping, source, row)),
    };
  });
}

/** None if both sides are empty. */
function pairOf({ sourceType, source, destination }: MappingItem, body: unknown, row: unknown) {
  const from = sourceType === "ATTRIBUTE" ? valueAtDotPath((body ?? {}) as Json, source) : undefined;
  const to = valueAtDotPath((row ?? {}) as Json, destination);
  return from === undefined && to === undefined ? [] : [{ source, from, destination, to }];
}
