/** The query of a call to the App API's lists. */
export type ListQuery = Readonly<Record<string, string>>;

/** A value that its parameter does not accept: the App API answers with an empty list, not with an error (its docs). */
export const wronglyEncoded = Symbol("wrongly encoded");

/** The number in a parameter, if it is in the query. */
export function readInteger(query: ListQuery, name: string): number | undefined | typeof wronglyEncoded {
  const text = query[name];
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : wronglyEncoded;
}

/** The switch in a parameter; off if it is not in the query. */
export function readBoolean(query: ListQuery, name: string): boolean | typeof wronglyEncoded {
  const text = query[name] ?? "false";
  if (text !== "true" && text !== "false") return wronglyEncoded;
  return text === "true";
}

/** The page's length: from the query, at most `most`. */
export function readLimit(query: ListQuery, usual: number, most: number): number | typeof wronglyEncoded {
  const limit = readInteger(query, "limit") ?? usual;
  if (limit === wronglyEncoded) return limit;
  return Math.min(Math.max(limit, 1), most);
}
