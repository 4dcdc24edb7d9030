import { createHash } from "node:crypto";

const inDescription = / ?\[Pulumi [0-9a-f]{16}\]$/;

/**
 * The mark of a resource: a digest of its URN (stack, project, type and name), the one thing that a run knows of a
 * resource before it is made, and that the next run knows again. Every object made for the resource bears it, since most
 * names in Platform are not unique and its APIs know no idempotency key: so what a killed run has left behind is told
 * from what somebody made by hand under the same name.
 */
export function markOf(urn: string): string {
  return createHash("sha256").update(urn).digest("hex").slice(0, 16);
}

/** A description with the mark at its end: `Customer.io events. [Pulumi 0123456789abcdef]`. */
export function described(description: string | undefined, urn: string): string {
  return [description, `[Pulumi ${markOf(urn)}]`].filter(Boolean).join(" ");
}

/** The description as the program gave it; undefined where there is none. */
export function withoutMark(description: string | null | undefined): string | undefined {
  return description?.replace(inDescription, "") || undefined;
}

/** Whether the description bears this resource's mark. */
export function bearsMark(description: string | null | undefined, urn: string): boolean {
  return description?.endsWith(`[Pulumi ${markOf(urn)}]`) ?? false;
}
