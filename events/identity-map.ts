import type { EventMapping } from "./mapping.ts";

/** Fields of an event that identify a person. */
export const identityFields = ["email", "id", "cio_id", "phone"] as const;
export type IdentityField = (typeof identityFields)[number];

/** The identity namespace (its code) of each field that identifies, the one that is to be primary first. */
export type Identities = Partial<Record<IdentityField, string>>;

/**
 * The mapping that fills a record's `identityMap` with those of the identities that the event has, of which the first is
 * primary. It has no identity that is mandatory, so that no record is refused for lack of one: people are known to
 * Customer.io by id only, by e-mail address only, or by neither once they are deleted.
 *
 * Data Prep has no function that leaves out what is null, so each combination is an expression of its own.
 */
export function identityMapping(identities: Identities): EventMapping {
  const all = Object.entries(identities).map(([field, namespace]) => ({
    path: `data.identifiers.${field}`,
    namespace,
  }));
  return { sourceType: "EXPRESSION", source: choose(all, []), destination: "identityMap" };
}

interface Identity {
  readonly path: string;
  readonly namespace: string;
}

function choose([next, ...rest]: readonly Identity[], present: readonly Identity[]): string {
  if (!next) return present.length === 0 ? "nullify()" : mapOf(present);
  const has = `contains_key("${next.path}") && ${next.path} != null`;
  return `iif(${has}, ${choose(rest, [...present, next])}, ${choose(rest, present)})`;
}

/** As Adobe's sources fill an identity map: a list of identities by namespace. */
function mapOf(identities: readonly Identity[]): string {
  const entries = identities.map(
    ({ path, namespace }, index) =>
      `"${namespace}", to_array(false, to_object("id", ${path}, "primary", ${index === 0}))`,
  );
  return `to_map(${entries.join(", ")})`;
}
