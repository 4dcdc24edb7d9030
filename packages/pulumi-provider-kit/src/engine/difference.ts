import { Archive, isMap, type PropertyValue, reveal, Unknown } from "./values.ts";

/** How the value at a path differs. */
export type Difference = { path: string; kind: "add" | "delete" | "update" };

/**
 * Compares two values and returns property paths in Pulumi's notation (`mappings[2].source`). An unknown value
 * counts as changed; archives are compared by content; absent and undefined are the same.
 */
export function differences(
  olds: PropertyValue | undefined,
  news: PropertyValue | undefined,
  path: string,
): Difference[] {
  const [before, after] = [revealPlain(olds), revealPlain(news)];
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ path, kind: "add" }];
  if (after === undefined) return [{ path, kind: "delete" }];
  if (after instanceof Unknown || before instanceof Unknown) return [{ path, kind: "update" }];
  if (Array.isArray(before) && Array.isArray(after)) {
    const indexes = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index);
    return indexes.flatMap((index) => differences(before[index], after[index], `${path}[${index}]`));
  }
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], join(path, key)));
  }
  const same =
    before instanceof Archive && after instanceof Archive ? before.hash === after.hash : Object.is(before, after);
  return same ? [] : [{ path, kind: "update" }];
}

function revealPlain(value: PropertyValue | undefined): PropertyValue | undefined {
  return value === undefined ? undefined : reveal(value);
}

/** Appends a key; a key that is not a plain name is quoted, as in Pulumi's property paths. */
function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}
