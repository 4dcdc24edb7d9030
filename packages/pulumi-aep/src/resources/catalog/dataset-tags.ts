/**
 * The tags of a dataset in Catalog that mean something: those that feed Profile and Identity Service (Adobe's “Enable a
 * dataset for Profile and Identity Service using APIs”), and the resource's mark. Catalog's description of tags: for
 * marking an object "in a way that [an external system] understands".
 */
export const profileTag = "unifiedProfile";
const identityTag = "unifiedIdentity";
export const markTag = "pulumi/resource";
/** Whose the dataset is: `<project>/<stack>`. */
export const stackTag = "pulumi/stack";

export type Tags = Readonly<Record<string, readonly string[]>>;

/** Adobe's API description writes `enabled: true`, its other pages `enabled:true`. */
export function isEnabled(tag: readonly string[] | undefined): boolean {
  return tag?.some((value) => value.replaceAll(" ", "") === "enabled:true") ?? false;
}

/** Whether the tag is not the user's own: Adobe's services and this provider use it. */
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

/** The JSON Patch that brings the tags from what they were to what is wanted; empty where nothing differs. */
export function tagSteps(
  olds: { tags?: Tags | undefined; profile: boolean },
  news: { tags?: Tags | undefined; profile: boolean },
): { op: "add" | "remove"; path: string; value?: readonly string[] }[] {
  const [before, after] = [olds.tags ?? {}, news.tags ?? {}];
  const profile = olds.profile === news.profile ? {} : profileTags(news.profile);
  const changed = Object.entries({ ...after, ...profile }).filter(
    ([name, values]) => JSON.stringify(before[name]) !== JSON.stringify(values),
  );
  return [
    ...Object.keys(before)
      .filter((name) => !(name in after))
      .map((name) => ({ op: "remove" as const, path: pathTo(name) })),
    ...changed.map(([name, value]) => ({ op: "add" as const, path: pathTo(name), value })),
  ];
}

/**
 * The user's tags among those that a dataset has: the ones that the program names, since applications set tags of their
 * own; on an import all that are not reserved.
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

/** As RFC 6901 writes a name in a pointer. */
function pathTo(name: string): string {
  return `/tags/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
