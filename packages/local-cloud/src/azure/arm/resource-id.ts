import { armResourceTypes, type ResourceType } from "./resource-types.ts";

/** The inputs that make up a resource's id. */
export function pathInputs(type: ResourceType): string[] {
  return [...type.id.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").filter((name) => name !== "subscriptionId");
}

/** The type for a resource id, and the inputs that the id contains; undefined for an unknown type. */
export function typeOfId(id: string): { type: ResourceType; path: Record<string, string> } | undefined {
  const found = [...armResourceTypes.values()].flatMap((type) => {
    const match = id.match(patternOf(type));
    // `{scope}` may stand for a whole id; the longest fixed part decides.
    return match ? [{ type, path: { ...match.groups } as Record<string, string> }] : [];
  });
  return found.find(({ type }) => type.id.startsWith("{")) ?? found.find(({ type }) => type.armType !== "");
}

function patternOf({ id }: ResourceType): RegExp {
  const groups = id
    .replaceAll(".", "\\.")
    .replace(/\{(\w+)\}/g, (_match, name: string) =>
      name === "scope" || name === "resourceUri" ? `(?<${name}>/.+)` : `(?<${name}>[^/]+)`,
    );
  return new RegExp(`^${groups}$`, "i");
}
