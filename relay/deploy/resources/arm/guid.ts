import { createHash } from "node:crypto";

/** Derives a GUID from parts, for resources that need a GUID as name. The same parts give the same GUID. */
export function guidOf(...parts: readonly string[]): string {
  const hex = createHash("sha256").update(parts.join("/")).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
