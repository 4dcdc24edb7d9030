import { createHash } from "node:crypto";
import { z } from "zod";

const inDescription = / ?\[Pulumi (?:[0-9a-f]{16}-)?[0-9a-f]{16}\]$/;

/** Whether a text is the id of an ownership. */
export function isOwnershipId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** The input by which a resource belongs to an ownership. */
export const ownershipInput = z
  .string()
  .refine(isOwnershipId, "it must be the id of an aep:index:Ownership: 16 hexadecimal digits")
  .optional()
  .meta({
    description:
      "Id of the `aep:index:Ownership` that removes this object if an interrupted run made it and none took it over; " +
      "default: none. It matters only when the object is made.",
    creation: true,
  });

/**
 * The mark of a resource: the id of its ownership, if it has one, and a digest of its URN (stack, project, type and name),
 * the one thing that a run knows of a resource before it is made, and that the next run knows again. Beside an ownership, which
 * is of one stack, the stack's name does not count: it may be renamed. Every object made for the resource carries its mark, since most names in Platform are not unique and its APIs have no idempotency key: so what a killed
 * run has left behind is distinguished from what a person created under the same name.
 */
export function markOf(urn: string, ownership?: string): string {
  if (ownership === undefined) return digestOf(urn);
  return `${ownership}-${digestOf(urn.replace(/^urn:pulumi:.*?::/, ""))}`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The stack of a URN, with its project: `customerio-aep/dev`. */
export function stackOf(urn: string): string {
  const [stack = "", project = ""] = urn.replace("urn:pulumi:", "").split("::");
  return `${project}/${stack}`;
}

/** Tells marks apart; given none, an object is nobody's. */
export type Bears = (mark: string | null | undefined) => boolean;

/** Whether a mark is that of one resource. */
export function isMarkOf(urn: string, ownership: string | undefined): Bears {
  // Versions before this one put the stack's name into every digest.
  const own = [markOf(urn, ownership), ...(ownership === undefined ? [] : [`${ownership}-${digestOf(urn)}`])];
  return (mark) => mark != null && own.includes(mark);
}

/** Whether a mark is that of any resource of the ownership. */
export function isOwnedBy(ownership: string): Bears {
  return (mark) => mark?.startsWith(`${ownership}-`) ?? false;
}

/** A description with the mark at its end: `Customer.io events. [Pulumi 0123456789abcdef]`. */
export function addMark(description: string | undefined, mark: string): string {
  return [description, `[Pulumi ${mark}]`].filter(Boolean).join(" ");
}

/** The description as the program gave it; undefined where there is none. */
export function withoutMark(description: string | null | undefined): string | undefined {
  return description?.replace(inDescription, "") || undefined;
}

/** The mark at a description's end, if there is one. */
export function markIn(description: string | null | undefined): string | undefined {
  return description?.match(inDescription)?.[0].replace(/^ ?\[Pulumi |\]$/g, "");
}
