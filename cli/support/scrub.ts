import { hideForms, secretForms } from "pulumi-provider-kit/http";

/** The replacement of a secret. */
const hidden = "[secret]";
/** Shorter texts are words. */
const shortest = 6;

/** With a plus, or in groups: other long numbers are times and counts. */
export const phoneNumbers = /\+\d[\d ().-]{6,}\d|\(\d{2,5}\)[ -]?\d{3,}[\d -]*/g;

/** Personal data, and secrets that a stack's state does not mark as such, by their form. */
const forms: readonly (readonly [RegExp, string])[] = [
  [/[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi, "[e-mail]"],
  [phoneNumbers, "[phone]"],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, hidden],
  [/\bp8e-[\w-]+/g, hidden],
  [/([?&](?:sig|code|token|key)=)[^&\s"']+/gi, `$1${hidden}`],
  [/(\/collection\/)[\w-]+/g, `$1${hidden}`],
];

/** Removes secrets and personal data from texts. */
export class Scrubber {
  readonly #secrets: readonly string[];

  /** @param secrets the values that the stack keeps as secrets */
  constructor(secrets: Iterable<string>) {
    this.#secrets = secretForms([...secrets].flatMap(linesOf)).filter((part) => part.length >= shortest);
  }

  text(given: string): string {
    let text = hideForms(given, this.#secrets, hidden);
    for (const [form, instead] of forms) text = text.replaceAll(form, instead);
    return text;
  }
}

/** A secret, and its lines. */
function linesOf(secret: string): string[] {
  return [secret, ...secret.split(/\r?\n/).map((line) => line.trim())];
}

/** The texts in a value, at any depth. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value, ...textsInJson(value)];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(textsIn);
}

/** Secrets of several parts are kept as JSON. */
function textsInJson(text: string): string[] {
  if (!/^\s*[[{"]/.test(text)) return [];
  try {
    return textsIn(JSON.parse(text));
  } catch {
    return [];
  }
}
