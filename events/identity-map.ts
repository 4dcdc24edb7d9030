import type { EventMapping } from "./mapping.ts";

/** Fields of an event that identify a person. */
export const identityFields = ["email", "id", "cio_id", "phone"] as const;
type IdentityField = (typeof identityFields)[number];

/** The identity namespace (its code) of each field that identifies, the one that is to be primary first. */
export type Identities = Partial<Record<IdentityField, string>>;

/**
 * The mapping that fills a record's `identityMap` with those of the identities that the event has, of which the first is
 * primary. It has no identity that is mandatory, so that no record is refused for lack of one: people are known to
 * Customer.io by id only, by e-mail address only, or by neither once they are deleted.
 *
 * Data Prep has no function that leaves out what is null, so each combination is an expression of its own.
 *
 * @param delivery with `direct`, the expression itself leaves out identifiers that identify nobody, and makes texts of numbers; the relay
 *   has done both already
 */
export function identityMapping(identities: Identities, delivery: "relay" | "direct"): EventMapping {
  const all = Object.entries(identities).map(([field, namespace]) => ({
    path: `data.identifiers.${field}`,
    namespace,
  }));
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

/** Characters that an identity may have (Adobe's guardrails for Identity Service). */
const longestIdentity = 1024;

/** An identifier that is none although there is a value: a word that Adobe's guardrails name as one for nobody, or too long a text. */
const placeholder = `anonymous|invalid|[\\s\\S]{${longestIdentity + 1},}`;

/** Whether an identifier of an event as Customer.io sends it says who somebody is. */
export function isGiven(path: string): string {
  return `contains_key("${path}") && !matches_regex(${wordOf(path)}, "(|null|${placeholder})")`;
}

/** Whether it has a value that identifies nobody. */
export function isPlaceholder(path: string): string {
  return `contains_key("${path}") && matches_regex(${wordOf(path)}, "${placeholder}")`;
}

/** An attribute as text: none of Adobe's functions converts to text but those that build one. */
export function textOf(path: string): string {
  return `concat(coalesce(${path}, ""), "")`;
}

function wordOf(path: string): string {
  return `lower(trim(${textOf(path)}))`;
}

/** As Adobe's sources fill an identity map: a list of identities by namespace. */
function mapOf(identities: readonly Identity[], delivery: "relay" | "direct"): string {
  const entries = identities.map(({ path, namespace }, index) => {
    const id = delivery === "direct" ? `concat(${path}, "")` : path;
    return `"${namespace}", to_array(false, to_object("id", ${id}, "primary", ${index === 0}))`;
  });
  return `to_map(${entries.join(", ")})`;
}
