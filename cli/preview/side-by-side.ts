import type { MappingError, MappingItem, MappingVerdict, PreviewedRecord } from "pulumi-aep/client";
import type { MappedEvent } from "./mapped-events.ts";

/** Column widths: everything fits on a terminal with 100 columns. */
const left = 46;
const right = 48;

type Json = Readonly<Record<string, unknown>>;

/** The path that most targets begin with, such as `_acme.customerio.`. It is shown once and then omitted. */
export function commonPrefix(mappings: readonly MappingItem[]): string {
  const counts = new Map<string, number>();
  for (const { destination } of mappings) {
    const prefix = destination.slice(0, destination.lastIndexOf(".") + 1);
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  const [[prefix] = [""]] = [...counts].sort(([, one], [, other]) => other - one);
  return prefix;
}

/**
 * One event: its source values on the left, and the row's values on the right; then the attributes that the event catalogue
 * lacks, and errors.
 */
export function showEvent(event: MappedEvent, mappings: readonly MappingItem[], prefix: string): string[] {
  const { sample } = event;
  if (event.fate === "filtered") return [`${sample.name}: left out by the stack's filters (${event.rule})`];
  if (event.fate === "malformed") return [`${sample.name}: ERROR, it would be a dead letter: ${event.reason}`];
  const { record, row, errors } = event.mapped;
  const kind = [record.object_type, record.metric].filter((part) => typeof part === "string").join(" ");
  const pairs = mappings.map((mapping) => formatPair(mapping, event.mapped, prefix));
  const shown = pairs.filter((line) => line !== undefined);
  const empty = pairs.length - shown.length;
  return [
    `${sample.name}: ${kind || "an event without a type"}, ${String(row._id ?? record.event_id ?? "without an id")}`,
    ...shown.map((line) => `  ${line}`),
    ...event.unknown.map((path) => `  ${unknownAttribute(path, record, mappings)}`),
    ...(empty > 0 ? [`  empty on both sides: ${empty}`] : []),
    ...errors.map((error) => `  ERROR ${showError(error)}`),
  ];
}

/** Undefined if both sides are empty. */
function formatPair(mapping: MappingItem, { record, row }: PreviewedRecord, prefix: string): string | undefined {
  const { sourceType, source, destination } = mapping;
  const from = sourceType === "ATTRIBUTE" ? valueAtDotPath(record, source) : undefined;
  const to = valueAtDotPath(row, destination);
  if (isEmpty(from) && isEmpty(to)) return undefined;
  const name = prefix !== "" && destination.startsWith(prefix) ? destination.slice(prefix.length) : destination;
  const origin =
    sourceType === "ATTRIBUTE"
      ? formatAssignment(source, from, left)
      : truncate(formatSource(sourceType, source), left);
  return `${origin.padEnd(left)} → ${formatAssignment(name, to, right)}`;
}

/** An attribute that the event catalogue lacks. Customer.io may have added it; the row has it only if the setting `mapping` maps it. */
function unknownAttribute(path: string, record: Json, mappings: readonly MappingItem[]): string {
  const value = valueAtDotPath(record, path);
  const origin = value === undefined ? truncate(path, left) : formatAssignment(path, value, left);
  const isMapped = mappings.some(({ sourceType, source }) => sourceType !== "STATIC" && mentions(source, path));
  return `${origin.padEnd(left)} → (unknown attribute, ${isMapped ? "mapped above" : "not mapped"})`;
}

/** Whether a source reads an attribute, or something inside it. */
function mentions(source: string, path: string): boolean {
  // A path with other characters, such as a hyphen, is in quotes where an expression checks for it.
  return (
    source.includes(`"${path}"`) ||
    (source.match(/[\w.]+/g) ?? []).some((word) => word === path || word.startsWith(`${path}.`))
  );
}

function formatSource(sourceType: MappingItem["sourceType"], source: string): string {
  return sourceType === "STATIC" ? JSON.stringify(source) : source;
}

function formatAssignment(path: string, value: unknown, width: number): string {
  const text = value === undefined || value === null ? "(empty)" : JSON.stringify(value);
  return truncate(`${path} = ${text}`, width);
}

function truncate(text: string, width: number): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** The value at a dot path, with Data Prep's `[0]` for items of lists. */
export function valueAtDotPath(object: Json, path: string): unknown {
  let value: unknown = object;
  for (const key of path.replaceAll(/\[(\d+)\]/g, ".$1").split(".")) {
    value = typeof value === "object" && value !== null ? (value as Json)[key] : undefined;
  }
  return value;
}

/** A mapping that Data Prep refuses. */
export function showInvalid({ mapping, errors }: MappingVerdict): string[] {
  return errors.map((error) => `  ERROR ${showError({ ...mapping, ...withoutGaps(error) })}`);
}

function withoutGaps({ source, destination, message }: MappingError) {
  return { ...(source !== undefined && { source }), ...(destination !== undefined && { destination }), message };
}

function showError({ source, destination, message }: MappingError): string {
  const place = [source, destination].filter((part) => part !== undefined).join(" → ");
  return place === "" ? message : `${place}: ${message}`;
}
