import { z } from "zod";
import { isOwnedBy, stackOf } from "../mark.ts";

/**
 * The dataset tags with a meaning: those that enable Profile and Identity Service (Adobe's “Enable a
 * dataset for Profile and Identity Service using APIs”), and the resource's mark. Catalog describes tags as a way to
 * mark an object "in a way that [an external system] understands".
 */
export const profileTag = "unifiedProfile";
const identityTag = "unifiedIdentity";
export const markTag = "pulumi/resource";
/** The owner of the dataset: `<project>/<stack>`. */
export const stackTag = "pulumi/stack";

export type Tags = Readonly<Record<string, readonly string[]>>;

/**
 * The tags of a dataset or batch in Catalog's answers. Other applications' tags may have other values, which must not hide ours: batches of
 * Adobe's "Partial batch ingestion" have `true` and a number.
 */
export const catalogTags = z
  .record(
    z.string(),
    z
      .array(z.string())
      .or(z.string().transform((value) => [value]))
      .optional()
      .catch(undefined),
  )
  .nullish()
  .catch(undefined)
  .transform((found) => found && Object.fromEntries(Object.entries(found).filter(isReadable)));

function isReadable(entry: [name: string, values: string[] | undefined]): entry is [string, string[]] {
  return entry[1] !== undefined;
}

/** Adobe's API description writes `enabled: true`, its other pages `enabled:true`. */
export function isEnabled(tag: readonly string[] | undefined): boolean {
  return tag?.some((value) => value.replaceAll(" ", "") === "enabled:true") ?? false;
}

/** Whether Adobe's services or this provider use the tag, so that users can't. */
export function isReserved(name: string): boolean {
  return (
    name === profileTag || name === identityTag || name === markTag || name === stackTag || name.startsWith("adobe/")
  );
}

/** The tags of a new dataset. */
export function tagsOf(
  given: { tags?: Tags | undefined; profile: boolean },
  { mark, stack }: { mark: string; stack: string },
): Tags {
  return { ...given.tags, ...(given.profile ? profileTags(true) : {}), [markTag]: [mark], [stackTag]: [stack] };
}

/**
 * The stack that the dataset's tag should name if it names another one: the stack was renamed since. Only for a dataset that the ownership
 * created: one that was imported may be another stack's too.
 */
export function renamedStack(found: Tags, urn: string, ownership: string | undefined): string | undefined {
  const [former] = found[stackTag] ?? [];
  const isOurs = ownership !== undefined && found[markTag]?.some(isOwnedBy(ownership));
  return isOurs && former !== undefined && former !== stackOf(urn) ? stackOf(urn) : undefined;
}

/** The JSON Patch to the wanted tags from those that the dataset has; `olds` says which of them the program had set. Empty if nothing differs. */
export function tagSteps(
  found: Tags,
  olds: { tags?: Tags | undefined; profile: boolean },
  news: { tags?: Tags | undefined; profile: boolean },
  renamedTo: string | undefined,
): { op: "add" | "remove"; path: string; value?: readonly string[] }[] {
  const wanted: Tags = {
    ...news.tags,
    ...(olds.profile === news.profile ? {} : profileTags(news.profile)),
    ...(renamedTo === undefined ? {} : { [stackTag]: [renamedTo] }),
  };
  const removed = Object.keys(olds.tags ?? {}).filter((name) => !(name in wanted) && name in found);
  const changed = Object.entries(wanted).filter(
    ([name, values]) => JSON.stringify(found[name]) !== JSON.stringify(values),
  );
  return [
    ...removed.map((name) => ({ op: "remove" as const, path: pathTo(name) })),
    ...changed.map(([name, value]) => ({ op: "add" as const, path: pathTo(name), value })),
  ];
}

/**
 * The user's tags among a dataset's tags: those that the program names, since other applications set tags too;
 * on import, all that are not reserved.
 */
export function ownTags(found: Tags | null | undefined, known: { tags?: Tags | undefined } | undefined) {
  const names = known ? Object.keys(known.tags ?? {}) : Object.keys(found ?? {}).filter((name) => !isReserved(name));
  const own = names.flatMap((name): [string, string[]][] => {
    const values = found?.[name];
    return values ? [[name, [...values]]] : [];
  });
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}

function profileTags(enabled: boolean): Tags {
  return { [profileTag]: [`enabled:${enabled}`], [identityTag]: [`enabled:${enabled}`] };
}

/** A name in a JSON Pointer (RFC 6901). */
function pathTo(name: string): string {
  return `/tags/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
