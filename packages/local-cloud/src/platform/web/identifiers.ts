import { randomBytes, randomUUID } from "node:crypto";

export const uuid = randomUUID;

/** Random hexadecimal digits: 24 for a dataset, 32 for a mapping set, 48 for a schema, 64 for an inlet. */
export function hex(digits: number): string {
  return randomBytes(Math.ceil(digits / 2))
    .toString("hex")
    .slice(0, digits);
}

/**
 * A Flow Service etag with its inner quotes, `"xxxxxxxx-0000-0200-0000-xxxxxxxx0000"`; its last group starts with the epoch
 * seconds of the change in hexadecimal (both etags of Adobe's Customer.io tutorial match their createdAt and updatedAt).
 */
export function etag(now: number): string {
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, "0");
  return `"${hex(8)}-0000-0200-0000-${seconds}0000"`;
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A batch id: 26 characters of Crockford's base 32, time first, so that ids sort by age. */
export function batchId(now: number): string {
  let time = Math.floor(now);
  let prefix = "";
  for (let i = 0; i < 10; i++) {
    prefix = crockford.charAt(time % 32) + prefix;
    time = Math.floor(time / 32);
  }
  return prefix + Array.from(randomBytes(16), (byte) => crockford.charAt(byte % 32)).join("");
}
