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
 * @param delivery with `direct`, the expression itself leaves out identifiers that are blank or the word null, which would be the same
 *   person for everybody; the relay has made them null already
 */
export function identityMapping(identities: Identities, delivery: "relay" | "direct"): EventMapping {
  const all = Object.entries(identities).map(([field, namespace]) => ({
    path: `data.identifiers.${field}`,
    namespace,
  }));
  return {
    sourceType: "EXPRESSION",
    source: choose(all, [], delivery === "direct" ? isGiven : isThere),
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
  condition: (path: string) => string,
): string {
  if (!next) return present.length === 0 ? "nullify()" : mapOf(present);
  const [withIt, without] = [[...present, next], present].map((some) => choose(rest, some, condition));
  return `iif(${condition(next.path)}, ${withIt}, ${without})`;
}

function isThere(path: string): string {
  return `contains_key("${path}") && ${path} != null`;
}

/** Whether an identifier of an event as Customer.io sends it says who somebody is. */
export function isGiven(path: string): string {
  const text = `trim(coalesce(${path}, ""))`;
  return `contains_key("${path}") && ${text} != "" && lower(${text}) != "null"`;
}

/** As Adobe's sources fill an identity map: a list of identities by namespace. */
function mapOf(identities: readonly Identity[]): string {
  const entries = identities.map(
    ({ path, namespace }, index) =>
      `"${namespace}", to_array(false, to_object("id", ${path}, "primary", ${index === 0}))`,
  );
  return `to_map(${entries.join(", ")})`;
}
