// The lengths are those of RFC 5321, and keep the search linear.
const domain = String.raw`[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+`;
const whole = new RegExp(String.raw`^[\p{L}\p{N}.!#$%&'*+/=?^_\x60{|}~-]{1,64}@${domain}$`, "u");
/** Within a text, what may also be around an address ends it; and in a URL its @ may be encoded. */
const within = new RegExp(String.raw`(?<![\p{L}\p{N}._+-])[\p{L}\p{N}._+-]{1,64}(?:@|%40)${domain}`, "gu");

/** The e-mail address that a value is as a whole, trimmed and in lower case; undefined if it is none. */
export function emailAddress(value: unknown): string | undefined {
  const text = typeof value === "string" && value.length <= 400 ? value.trim().toLowerCase() : "";
  return whole.test(text) ? text : undefined;
}

/** The text with a mark in the place of each e-mail address within it. */
export function withoutEmailAddresses(text: string): string {
  return text.replace(within, "[e-mail]");
}
