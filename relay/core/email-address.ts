import { domainToASCII } from "node:url";

// The lengths are those of RFC 5321, and keep the search linear. Vowel signs and accents of decomposed letters are marks (\p{M}).
const letters = String.raw`\p{L}\p{M}\p{N}`;
const label = `[${letters}_-]{1,63}`;
const addressLiteral = String.raw`\[[\p{L}\p{N}:.]{2,64}\]`;
const quoted = String.raw`"(?:[^"\\\r\n]|\\.){1,64}"`;
const host = String.raw`(?:${label}(?:\.${label})*\.?|${addressLiteral})`;
const whole = new RegExp(String.raw`^(?:[${letters}.!#$%&'*+/=?^_\x60{|}~-]{1,64}|${quoted})@${host}$`, "u");
/**
 * Within a text, what may also be around an address ends it; and in a URL its @ may be encoded. A host without a dot needs a letter,
 * and neither an @ nor a letter after it.
 */
const bareHost = String.raw`(?=[\p{N}_-]{0,62}[\p{L}])${label}(?<!-)(?![${letters}_@-])`;
const within = new RegExp(
  String.raw`(?:(?<![${letters}._+-])[${letters}._+-]{1,64}|${quoted})(?:@|%40)(?:${label}(?:\.${label})+|${addressLiteral}|${bareHost})`,
  "giu",
);

/** A text as e-mail addresses are compared: composed (NFC), trimmed and in lower case. */
export function normalised(text: string): string {
  return text.normalize("NFC").trim().toLowerCase();
}

/** The e-mail address that a value is as a whole, `normalised`; undefined if it is none. */
export function emailAddress(value: unknown): string | undefined {
  const text = typeof value === "string" && value.length <= 400 ? normalised(value) : "";
  return whole.test(text) ? text : undefined;
}

/** The text with a mark in the place of each e-mail address within it. */
export function withoutEmailAddresses(text: string): string {
  return text.includes("@") || text.includes("%40") ? text.replace(within, "[e-mail]") : text;
}

/** What was read from a field that holds addresses. */
export interface Mailboxes {
  /** Each one `normalised`. */
  readonly addresses: readonly string[];
  /** Whether a part has an @ and yet no address could be read from it. */
  readonly unreadable: boolean;
}

/**
 * Reads a field that holds one address or several, each with a display name or without: `Ada <ada@example.org>, bob@example.org`
 * (RFC 5322). A phone number, an id or a URL has none.
 */
export function mailboxesOf(text: string): Mailboxes {
  const isUrl = /^\s*(?!mailto:)[a-z][a-z0-9+.-]*:\/\//i.test(text);
  if (isUrl || !text.includes("@")) return { addresses: [], unreadable: false };
  const addresses: string[] = [];
  let unreadable = false;
  for (const part of partsOf(text)) {
    const [, inside] = /<([^<>]*)>[^<>]*$/.exec(part) ?? [];
    const address = emailAddress((inside ?? part).trim().replace(/^mailto:/i, ""));
    if (address !== undefined) addresses.push(address);
    else if (part.includes("@")) unreadable = true;
  }
  return { addresses, unreadable };
}

/** Cuts a list at its commas and semicolons, but not at those in quotes; display names in quotes, and comments, are left out. */
function partsOf(text: string): string[] {
  const plain = text
    .replaceAll(/"(?:[^"\\]|\\.)*"(?!@)/g, " ")
    .replaceAll(/\([^()]*\)/g, " ")
    .replaceAll(/"(?:[^"\\]|\\.)*"(?=@)/g, (local) => local.replaceAll(",", "\u0000").replaceAll(";", "\u0001"));
  return plain.split(/[,;]/).map((part) => part.replaceAll("\u0000", ",").replaceAll("\u0001", ";").trim());
}

/** An address's domain as the DNS writes it (`exämple.org` is `xn--exmple-cua.org`); undefined if it can't be one. */
export function domainOf(address: string): string | undefined {
  return asciiDomain(address.slice(address.lastIndexOf("@") + 1));
}

/** A domain in lower case and ASCII, without the dot of the root; undefined if it is none. */
export function asciiDomain(domain: string): string | undefined {
  return domainToASCII(domain.trim().replace(/\.$/, "")) || undefined;
}
