import { domainToASCII } from "node:url";
import { decodeText } from "./decoded-text.ts";

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

/** The replacement for an e-mail address within a text. */
export const emailMark = "[e-mail]";

/** A text as e-mail addresses are compared: composed (NFC), trimmed and in lower case. */
export function normalizeAddress(text: string): string {
  return text.normalize("NFC").trim().toLowerCase();
}

/** The e-mail address that a value is as a whole, normalized; undefined if it is none. */
export function emailAddress(value: unknown): string | undefined {
  const text = typeof value === "string" && value.length <= 400 ? normalizeAddress(value) : "";
  return whole.test(text) ? text : undefined;
}

/** The text with a mark in the place of each e-mail address within it, also where it is encoded, as `ada%2540example.org` is. */
export function withoutEmailAddresses(text: string): string {
  const decoded = decodeText(text);
  if (!decoded.text.includes("@")) return text;
  let shown = "";
  let from = 0;
  for (const { index, 0: address } of decoded.text.matchAll(within)) {
    shown += `${text.slice(from, decoded.origin(index))}${emailMark}`;
    from = decoded.origin(index + address.length);
  }
  // Something that looked like an escape may be part of an address.
  return (shown + text.slice(from)).replace(within, emailMark);
}

/** The addresses in a field. */
export interface Mailboxes {
  /** Each one normalized. */
  readonly addresses: readonly string[];
  /** Whether a part has an @ but no readable address. */
  readonly unreadable: boolean;
}

/**
 * Reads a field that holds one address or several, each with a display name or without: `Ada <ada@example.org>, bob@example.org`
 * (RFC 5322). Several may also be separated by spaces alone. A phone number, an id or a URL has none.
 */
export function mailboxesOf(text: string): Mailboxes {
  const isUrl = /^\s*(?!mailto:)[a-z][a-z0-9+.-]*:\/\//i.test(text);
  if (isUrl || !text.includes("@")) return { addresses: [], unreadable: false };
  const addresses: string[] = [];
  let unreadable = false;
  for (const part of partsOf(text)) {
    if (!part.includes("@")) continue;
    for (const candidate of candidatesIn(part)) {
      const address = emailAddress(candidate.trim().replace(/^mailto:/i, ""));
      if (address === undefined) unreadable = true;
      else addresses.push(address);
    }
  }
  return { addresses, unreadable };
}

/** What is to be an address in a part that has an @. Without brackets, a word that has none is a name, such as that of a group. */
function candidatesIn(part: string): string[] {
  const [, inside] = /<([^<>]*)>[^<>]*$/.exec(part) ?? [];
  if (inside !== undefined) return [inside];
  // The local part may be quoted and have spaces.
  return emailAddress(part) === undefined ? part.split(/\s+/).filter((word) => word.includes("@")) : [part];
}

/**
 * Cuts a list at its commas and semicolons, but not at those in quotes. Leaves out comments, and display names in quotes. It goes
 * through the text once, since that may be as long as a body.
 */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  const marks = /[",;]|\([^()]*\)/g;
  let part = "";
  let from = 0;
  let quotesClose = true;
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const { index, 0: mark } = found;
    let end = marks.lastIndex;
    if (mark === '"') {
      const closed: number | undefined = quotesClose ? endOfQuoted(text, index) : undefined;
      // Where one quote does not close, none after it does: those are escaped.
      quotesClose = closed !== undefined;
      if (closed === undefined) continue;
      end = closed;
    }
    if (mark === "," || mark === ";") {
      parts.push(part + text.slice(from, index));
      part = "";
    } else {
      const isLocalPart = mark === '"' && text[end] === "@";
      part += isLocalPart ? text.slice(from, end) : `${text.slice(from, index)} `;
    }
    from = end;
    marks.lastIndex = end;
  }
  return [...parts, part + text.slice(from)];
}

/** Where the text goes on after the closing quote; undefined if there is none. */
function endOfQuoted(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
}

/** An address's domain as the DNS writes it (`exämple.org` is `xn--exmple-cua.org`); undefined if it can't be one. */
export function domainOf(address: string): string | undefined {
  return asciiDomain(address.slice(address.lastIndexOf("@") + 1));
}

/** A domain in lower case and ASCII, without the dot of the root; undefined if it is none. */
export function asciiDomain(domain: string): string | undefined {
  return domainToASCII(domain.trim().replace(/\.$/, "")) || undefined;
}
