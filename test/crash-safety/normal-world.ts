import type { ListedObject } from "../subjects/listing.ts";

/** Values that the vendor generates, so that they differ from run to run. */
const ownAffairs =
  /^(id|\$id|@id|etag|version|created|updated|createdAt|updatedAt|createdDate|modifiedDate|viewId|files|inletId|inletUrl|providerRefId|lastOperation|sandboxId|meta:sandboxId|meta:registryMetadata|meta:altId|adobe\/pqs\/table)$/;

/** An ownership's id is drawn again in each run. */
const ownershipInMark = /\b[0-9a-f]{16}-(?=[0-9a-f]{16}\b)/g;

/** Objects as texts without ids and times, sorted: equal for two worlds with the same objects. */
export function normalWorld(found: readonly ListedObject[]): string[] {
  const texts = found.map(({ type, item }) => `${type} ${JSON.stringify(withoutOwnAffairs(item))}`);
  // References by id become references by name.
  const named = texts.map((text) =>
    found.reduce((part, { type, id, item }) => {
      const name = `<${type} ${String(item.title ?? item.name ?? "")}>`;
      return part.replaceAll(id, name);
    }, text),
  );
  return named.map((text) => text.replaceAll(ownershipInMark, "")).toSorted();
}

function withoutOwnAffairs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOwnAffairs);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !ownAffairs.test(key))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, withoutOwnAffairs(item)]),
  );
}
