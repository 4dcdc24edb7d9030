import { createHash } from "node:crypto";
import { z } from "zod";

const inDescription = / ?\[Pulumi (?:[0-9a-f]{16}-)?[0-9a-f]{16}\]$/;

/** Whether a text is the id of an ownership. */
export function isOwnershipId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** The input that assigns a resource to an ownership. */
export const ownershipInput = z
  .string()
  .refine(isOwnershipId, "it must be the id of an aep:index:Ownership: 16 hexadecimal digits")
  .optional()
  .meta({
    description:
      "Id of the `aep:index:Ownership` that deletes this object if an interrupted run created it and no run adopted it; " +
      "default: none. Matters only on creation.",
    creation: true,
  });

/**
 * The mark of a resource: the id of its ownership, if it has one, and a digest of its URN (stack, project, type and name). A run knows
 * the URN before the resource exists, and the next run knows it again. An ownership belongs to one stack, so with it the digest omits
 * the stack's name, which may change. Every object that is created for the resource carries its mark, because most names in Platform
 * are not unique and its APIs have no idempotency keys. The mark distinguishes what a killed run left from what a person created under
 * the same name.
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

/** Tests a mark; false if there is none. */
export type MarkTest = (mark: string | null | undefined) => boolean;

/** Tests whether a mark belongs to one resource. */
export function isMarkOf(urn: string, ownership: string | undefined): MarkTest {
  // Earlier versions put the stack's name into every digest.
  const own = [markOf(urn, ownership), ...(ownership === undefined ? [] : [`${ownership}-${digestOf(urn)}`])];
  return (mark) => mark != null && own.includes(mark);
}

/** Tests whether a mark belongs to any resource of the ownership. */
export function isOwnedBy(ownership: string): MarkTest {
  return (mark) => mark?.startsWith(`${ownership}-`) ?? false;
}

/** A description with the mark at its end: `Customer.io events. [Pulumi 0123456789abcdef]`. */
export function addMark(description: string | undefined, mark: string): string {
  return [description, `[Pulumi ${mark}]`].filter(Boolean).join(" ");
}

/** The program's description; undefined if there is none. */
export function withoutMark(description: string | null | undefined): string | undefined {
  return description?.replace(inDescription, "") || undefined;
}

/** The mark at a description's end, if there is one. */
export function markIn(description: string | null | undefined): string | undefined {
  return description?.match(inDescription)?.[0].replace(/^ ?\[Pulumi |\]$/g, "");
}
