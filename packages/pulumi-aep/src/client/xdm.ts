import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

/** The class of time series events, which streamed events belong to. */
export const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
/** The behavior of event classes; a schema of such a class has it in `meta:extends`. */
export const timeSeries = "https://ns.adobe.com/xdm/data/time-series";

/** `Accept` headers of the Schema Registry: a look-up must name the major version, a list must not (XDM-1006..1009). */
export const accept = {
  lookup: { Accept: "application/vnd.adobe.xed+json; version=1" },
  /** With the fields of the class and of all field groups. */
  full: { Accept: "application/vnd.adobe.xed-full+json; version=1" },
  list: { Accept: "application/vnd.adobe.xed-id+json" },
  /** A list of complete objects. */
  wholes: { Accept: "application/vnd.adobe.xed+json" },
  descriptors: { Accept: "application/vnd.adobe.xdm+json" },
} as const;

/** The properties of every object in the registry. */
export const xdmResource = z.object({
  $id: z.string(),
  "meta:altId": z.string(),
  version: z.union([z.string(), z.number().transform(String)]),
  title: z.string(),
});

/** Whether a schema is enabled for Profile. Such a schema can never be deleted or lose a field. */
export function isProfileEnabled(immutableTags: readonly string[] | null | undefined): boolean {
  return immutableTags?.includes("union") ?? false;
}

/** The major version in a content type, such as 1 in `application/vnd.adobe.xed-full+json; version=1`. */
export function majorVersionOf(contentType: string | undefined): number {
  return Number(contentType?.match(/version=(\d+)/)?.[1] ?? 1);
}

/** Properties that the registry adds to each part of a definition. */
const additions = new Set(["meta:xdmType", "meta:xdmField", "meta:xedConverted"]);

/** A definition without the properties that the registry adds. */
export function withoutAdditions(value: unknown): unknown {
  return mapObjects(value, (object) =>
    Object.fromEntries(Object.entries(object).filter(([key, item]) => !isAddition(key, item, object))),
  );
}

/** The form in which definitions are compared: in it, the sent and the returned definition are equal. */
export function normalizeDefinition(value: unknown): unknown {
  // The registry adds the type to anything with properties.
  return mapObjects(withoutAdditions(value), (object) =>
    "properties" in object && !("type" in object) ? { ...object, type: "object" } : object,
  );
}

function mapObjects(value: unknown, change: (object: object) => object): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, change));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(change(value));
  return Object.fromEntries(entries.map(([key, item]) => [key, mapObjects(item, change)]));
}

function isAddition(key: string, item: unknown, owner: object): boolean {
  if (additions.has(key)) return true;
  if (key === "description") return item === "";
  if (key === "isRequired") return item === false;
  if (key === "required") return Array.isArray(item) && item.length === 0;
  return key === "type" && item === "object" && "$ref" in owner;
}

/** Keeps the known spelling if the vendor's means the same, so that a refresh shows no difference; otherwise returns the vendor's. */
export function keepSpelling<T>(known: T | undefined, found: T, normal: (value: T) => unknown): T {
  return known !== undefined && isDeepStrictEqual(normal(known), normal(found)) ? known : found;
}

type Field = { readonly [key: string]: unknown };

/** Paths of the fields that a change removes, retypes or restricts to fewer values. Such a change is breaking. */
export function findBrokenFields(before: Field, after: Field): string[] {
  return Object.entries(before).flatMap(([name, field]) => findBroken(field, after[name], [name]));
}

function findBroken(before: unknown, after: unknown, path: readonly string[]): string[] {
  if (!isField(before)) return [];
  const here = path.slice(1).join(".") || path.join(".");
  if (!isField(after) || before.type !== after.type || before.format !== after.format) return [here];
  if (before.$ref !== after.$ref || isNarrowed(before.enum, after.enum) || isLimited(before, after)) return [here];
  const properties = isField(before.properties) ? before.properties : {};
  const remaining = isField(after.properties) ? after.properties : {};
  const inside = Object.entries(properties).flatMap(([name, field]) =>
    findBroken(field, remaining[name], [...path, name]),
  );
  return [...inside, ...(isField(before.items) ? findBroken(before.items, after.items, path) : [])];
}

function isNarrowed(before: unknown, after: unknown): boolean {
  if (!Array.isArray(after)) return false;
  return !Array.isArray(before) || before.some((value) => !after.includes(value));
}

const lowerLimits = ["minimum", "exclusiveMinimum", "minLength", "minItems"];
const upperLimits = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"];

/** Whether a limit became stricter, or a pattern was added. Another pattern may accept less or more, so it isn't counted. */
function isLimited(before: Field, after: Field): boolean {
  const limit = (field: Field, name: string, absent: number) => Number(field[name] ?? absent);
  return (
    lowerLimits.some((name) => limit(after, name, -Infinity) > limit(before, name, -Infinity)) ||
    upperLimits.some((name) => limit(after, name, Infinity) < limit(before, name, Infinity)) ||
    (before.pattern === undefined && after.pattern !== undefined)
  );
}

function isField(value: unknown): value is Field {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
