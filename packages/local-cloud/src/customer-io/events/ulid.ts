import { randomBytes } from "node:crypto";

const crockfordBase32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * A ULID: 26 characters of Crockford's base 32, ten for the time in milliseconds and sixteen at random. Customer.io's
 * event ids have this form.
 */
export function ulid(milliseconds: number): string {
  let time = "";
  for (let rest = milliseconds; time.length < 10; rest = Math.floor(rest / 32)) {
    time = crockfordBase32.charAt(rest % 32) + time;
  }
  const random = Array.from(randomBytes(16), (byte) => crockfordBase32.charAt(byte % 32));
  return time + random.join("");
}
