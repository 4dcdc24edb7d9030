import { domainToASCII, domainToUnicode } from "node:url";
import { decodeText } from "./decoded-text.ts";
import type { EscapeBudget } from "./spellings.ts";

// The lengths are those of RFC 5321, and keep the search linear. Vowel signs and accents of decomposed letters are marks (\p{M}).
const letters = String.raw`\p{L}\p{M}\p{N}`;
const label = `[${letters}_-]{1,63}`;
const addressLiteral = String.raw`\[[\p{L}\p{N}:.]{2,64}\]`;
const quoted = String.raw`"(?:[^"\\\r\n]|\\.){1,64}"`;
/** DNS treats the full stops of East Asian scripts as dots. */
const dot = String.raw`[.\u3002\uff0e\uff61]`;
const host = `(?:${label}(?:${dot}${label})*${dot}?|${addressLiteral})`;
const whole = new RegExp(String.raw`^(?:[${letters}.!#$%&'*+/=?^_\x60{|}~-]{1,64}|${quoted})@${host}$`, "u");
/**
 * Within a text, fewer characters are allowed, since punctuation may surround an address. In a URL, its @ may be encoded. A host without
 * a dot must contain a letter, and no @ or letter may follow it.
 */
const bareHost = String.raw`(?=[\p{N}_-]{0,62}[\p{L}])${label}(?<!-)(?![${letters}_@-])`;
const within = new RegExp(
  String.raw`(?:(?<![${letters}._+-])[${letters}._+-]{1,64}|${quoted})(?:@|%40)(?:${label}(?:\.${label})+|${addressLiteral}|${bareHost})`,
  "giu",
);

/** The replacement for an e-mail address within a text. */
export const emailMark = "[e-mail]";

/** Normalizes a text for comparing e-mail addresses: composed (NFC), trimmed and in lower case. */
export function normalizeAddress(text: string): string {
  return text.normalize("NFC").trim().toLowerCase();
}

/** The normalized value if it is an e-mail address as a whole; otherwise undefined. */
export function emailAddress(value: unknown): string | undefined {
  const text = typeof value === "string" && value.length <= 400 ? normalizeAddress(value) : "";
  return whole.test(text) ? text : undefined;
}

/**
 * Replaces each e-mail address in a text by a mark, even if it is encoded, such as `ada%2540example.org`.
 *
 * @throws TooManyEscapes
 */
export function withoutEmailAddresses(text: string, budget: EscapeBudget): string {
  const decoded = decodeText(text, budget);
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
 * Reads a field that holds one or more addresses, with or without display names: `Ada <ada@example.org>, bob@example.org` (RFC 5322).
 * Spaces may separate them, too. A phone number, an id or a URL contains no address.
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

/** The possible addresses in a part that contains an @. Without brackets, words without an @ are names, such as a group's. */
function candidatesIn(part: string): string[] {
  const [, inside] = /<([^<>]*)>[^<>]*$/.exec(part) ?? [];
  if (inside !== undefined) return [inside];
  // The local part may be quoted and have spaces.
  return emailAddress(part) === undefined ? part.split(/\s+/).filter((word) => word.includes("@")) : [part];
}

/**
 * Splits a list at commas and semicolons outside quotes. Drops comments and quoted display names. Reads the text once, since it may be
 * as long as a body.
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
      // If one quote does not close, no later quote does: the later ones are escaped.
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

/** The index after the closing quote; undefined if the quote does not close. */
function endOfQuoted(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
}

/** The address with its domain in each form that it may have: `ada@exämple.org` and `ada@xn--exmple-cua.org`. */
export function addressForms(address: string): string[] {
  const domain = domainOf(address);
  if (domain === undefined) return [address];
  const local = address.slice(0, address.lastIndexOf("@") + 1);
  return [address, `${local}${domain}`, `${local}${domainToUnicode(domain)}`];
}

/** An address's domain in its DNS form (`exämple.org` is `xn--exmple-cua.org`); undefined if the domain is invalid. */
export function domainOf(address: string): string | undefined {
  return asciiDomain(address.slice(address.lastIndexOf("@") + 1));
}

/** A domain in lower case and ASCII, without the root's dot; undefined if it is invalid. */
export function asciiDomain(domain: string): string | undefined {
  return domainToASCII(domain.trim().replace(/\.$/, "")) || undefined;
}
