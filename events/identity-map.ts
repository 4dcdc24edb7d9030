import type { EventMapping } from "./mapping.ts";

/**
 * Fields of an event that identify a person. Of an event's identities, the first in this order is the primary one. The order of a setting's
 * own keys can't decide: Pulumi sorts them (`pulumi config get`), and passes on maps without an order to components in other languages.
 */
export const identityFields = ["email", "id", "cio_id", "phone"] as const;
type IdentityField = (typeof identityFields)[number];

/** The identity namespace code of each identifying field. */
export type Identities = Partial<Record<IdentityField, string>>;

/**
 * The mapping that fills a record's `identityMap` with the identities that the event has; the first in the order of `identityFields` is
 * primary. No identity is mandatory, so that no record is refused for lack of one: Customer.io knows people
 * by id only, by e-mail address only, or by neither once they are deleted.
 *
 * Data Prep has no function that leaves out null values, so each combination has an expression of its own.
 *
 * @param delivery with `direct`, the expression itself leaves out identifiers that identify nobody, and converts numbers to text; the
 *   relay has already done both
 */
export function identityMapping(identities: Identities, delivery: "relay" | "direct"): EventMapping {
  const all = identityFields.flatMap((field) => {
    const namespace = identities[field];
    return namespace === undefined ? [] : [{ path: `data.identifiers.${field}`, namespace }];
  });
  return {
    sourceType: "EXPRESSION",
    source: choose(all, [], delivery),
    destination: "identityMap",
  };
}

interface Identity {
  readonly path: string;
  readonly namespace: string;
}

function choose(
  [next, ...rest]: readonly Identity[],
  present: readonly Identity[],
  delivery: "relay" | "direct",
): string {
  if (!next) return present.length === 0 ? "nullify()" : mapOf(present, delivery);
  const [withIt, without] = [[...present, next], present].map((some) => choose(rest, some, delivery));
  const condition = delivery === "direct" ? isGiven(next.path) : isThere(next.path);
  return `iif(${condition}, ${withIt}, ${without})`;
}

function isThere(path: string): string {
  return `contains_key("${path}") && ${path} != null`;
}

/** Maximum characters of an identity (Adobe's guardrails for Identity Service). */
export const longestIdentity = 1024;

/** Texts that stand for any person, so that Adobe's guardrails for Identity Service forbid them. */
const placeholderWords = "anonymous|invalid";
const placeholderWord = new RegExp(`^(${placeholderWords})$`, "i");

/** Whether a value is such a text. */
export function isPlaceholderWord(value: unknown): boolean {
  return typeof value === "string" && placeholderWord.test(value.trim());
}

/** A value that identifies nobody: a placeholder, or a text that is too long. */
const placeholder = `${placeholderWords}|[\\s\\S]{${longestIdentity + 1},}`;

/** Whether an identifier, as Customer.io sends it, identifies a person. */
export function isGiven(path: string): string {
  return `contains_key("${path}") && !matches_regex(${wordOf(path)}, "(|null|${placeholder})")`;
}

/** Whether it has a value that identifies nobody. */
export function isPlaceholder(path: string): string {
  return `contains_key("${path}") && matches_regex(${wordOf(path)}, "${placeholder}")`;
}

/** An attribute as text. Adobe has no conversion to text other than functions that build one, such as concat. */
export function textOf(path: string): string {
  return `concat(coalesce(${path}, ""), "")`;
}

function wordOf(path: string): string {
  return `lower(trim(${textOf(path)}))`;
}

/** The form that Adobe's sources use for an identity map: a list of identities by namespace. */
function mapOf(identities: readonly Identity[], delivery: "relay" | "direct"): string {
  const objects = identities.map(({ path, namespace }, index) => {
    const id = delivery === "direct" ? `concat(${path}, "")` : path;
    return { namespace, object: `to_object("id", ${id}, "primary", ${index === 0})` };
  });
  // A key that occurs twice would replace the identity before it, perhaps the primary one.
  const entries = [...Map.groupBy(objects, ({ namespace }) => namespace)].map(
    ([namespace, same]) => `"${namespace}", to_array(false, ${same.map(({ object }) => object).join(", ")})`,
  );
  return `to_map(${entries.join(", ")})`;
}
