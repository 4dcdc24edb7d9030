import type { CustomerIoEvent } from "pulumi-customerio/events";
import { eventFields } from "../../../events/fields.ts";
import { isObject, type JsonObject } from "./json.ts";

/** Maximum number of listed paths: a record must not grow with unknown data. */
export const mostUnknownPaths = 20;

/** Maximum number of characters shown of a path. */
const longestPath = 100;

const sources = new Set<string>(eventFields.map(({ source }) => source));
/** Attributes that have no field of their own, but from which the relay fills other fields. */
const readOtherwise = new Set(["data", "object_type_type", "data.identifiers", "data.headers", "data.recipients"]);
const isKnown = (path: string) => sources.has(path) || readOtherwise.has(path);
const knownIn = { event: keysUnder(""), data: keysUnder("data."), identifiers: keysUnder("data.identifiers.") };
const deviceKeys = new Set(["device_id", "device_platform", "failure_message"]);

function keysUnder(prefix: string): ReadonlySet<string> {
  const paths = [...sources, ...readOtherwise].filter((path) => path.startsWith(prefix));
  return new Set(paths.map((path) => path.slice(prefix.length)).filter((key) => isKnown(prefix + key)));
}

/**
 * Paths of attributes that the event catalogue has no field for: the first twenty, in the event's order.
 * Customer.io adds attributes without notice, and this reports them.
 */
export function unknownAttributes(event: CustomerIoEvent): string[] {
  const found: string[] = [];
  addUnknown(event, "", knownIn.event, found);
  const { data } = event;
  if (!isObject(data)) return found;
  addUnknown(data, "data.", knownIn.data, found);
  if (isObject(data.identifiers)) addUnknown(data.identifiers, "data.identifiers.", knownIn.identifiers, found);
  if (Array.isArray(data.recipients)) {
    for (const device of data.recipients) {
      if (isObject(device)) addUnknown(device, "data.recipients.", deviceKeys, found);
    }
  }
  return found;
}

function addUnknown(object: JsonObject, prefix: string, keys: ReadonlySet<string>, found: string[]): void {
  for (const key of Object.keys(object)) {
    if (keys.has(key)) continue;
    if (found.length === mostUnknownPaths) return;
    // The cut may halve a character, and Platform may refuse half of one.
    const path = `${prefix}${key}`.slice(0, longestPath).toWellFormed();
    if (!found.includes(path)) found.push(path);
  }
}
