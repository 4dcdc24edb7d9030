/** Encodings of a text within another, character by character, as written by senders' libraries. */
export const encodings: Readonly<Record<string, (text: string) => string>> = {
  url: (text) => encodeURIComponent(text),
  urlInLowerCase: (text) => encodeURIComponent(text).replaceAll(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()),
  urlThroughout: (text) => bytesOf(text, "%"),
  form: (text) => new URLSearchParams([["", text]]).toString().slice(1),
  json: (text) => JSON.stringify(text).slice(1, -1),
  jsonInAscii: (text) => unitsOf(text, /[^ -~]|["\\@<>&'+]/),
  jsonThroughout: (text) => unitsOf(text, /./s),
  html: (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  htmlDecimal: (text) => charactersOf(text, (code) => `&#${code};`),
  htmlHexadecimal: (text) => charactersOf(text, (code) => `&#x${code.toString(16)};`),
  htmlNamed: (text) => text.replaceAll(/[&@.+_é"\\%=]/g, (character) => `&${names[character]};`),
  quotedPrintable: (text) => text.replaceAll(/[^ -<>-~]+/gu, (run) => bytesOf(run, "=")),
  quotedPrintableThroughout: (text) => bytesOf(text, "="),
};

/** Quoted-printable in short lines. */
export function inShortLines(text: string): string {
  const line = /(?:=[0-9A-F]{2}|[^=]){1,7}/gsu;
  return [...(encodings.quotedPrintable?.(text) ?? "").matchAll(line)].join("=\r\n");
}

const names: Readonly<Record<string, string>> = {
  "&": "amp",
  "@": "commat",
  ".": "period",
  "+": "plus",
  _: "lowbar",
  é: "eacute",
  '"': "quot",
  "\\": "bsol",
  "%": "percnt",
  "=": "equals",
};

function bytesOf(text: string, sign: string): string {
  return [...Buffer.from(text)].map((byte) => sign + byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}

function unitsOf(text: string, pattern: RegExp): string {
  return [...Array(text.length).keys()]
    .map((at) => text.charAt(at))
    .map((unit) => (pattern.test(unit) ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : unit))
    .join("");
}

function charactersOf(text: string, encode: (code: number) => string): string {
  return [...text].map((one) => (/[A-Za-z0-9 ]/.test(one) ? one : encode(one.codePointAt(0) ?? 0))).join("");
}
