import { createHash } from "node:crypto";
import { isBlank } from "pulumi-customerio/events";
import { isPlaceholderWord } from "../../../events/identity-map.ts";
import {
  addressForms,
  emailAddress,
  emailMark,
  mailboxesOf,
  normalizeAddress,
  withoutEmailAddresses,
} from "./email-address.ts";
import type { PersonalData } from "./policy.ts";
import { EscapeBudget, TooManyEscapes } from "./spellings.ts";
import { type SoughtText, TextFinder } from "./text-finder.ts";

export type Treatment = PersonalData["email"];
export type PersonalSetting = "email" | "recipient";

/** The replacement of a text. */
export interface HiddenText {
  /** Null if the whole text is dropped. */
  readonly text: string | null;
  readonly settings: readonly PersonalSetting[];
}

/** A value of a personal field, which is hidden wherever it occurs. */
interface PersonalText extends SoughtText {
  /** Normalized. */
  readonly text: string;
  readonly setting: PersonalSetting;
  readonly treatment: Treatment;
}

/** Minimum lengths for a match to count: within a longer text, and as the whole of another field. Shorter ones may be coincidence. */
const telling = { within: 6, whole: 4 };

/** Replaces a whole text that would take too long to read. It does not identify anyone: texts of different people get the same mark. */
export const unreadMark = "[too many escapes to look for personal data]";

/** Texts to find, either as a whole text or within one. */
class KnownTexts {
  readonly whole: ReadonlyMap<string, PersonalText>;
  readonly within: TextFinder<PersonalText>;

  constructor(texts: readonly PersonalText[]) {
    // Of two equal texts, the first one added counts.
    this.whole = new Map(texts.toReversed().map((one) => [one.text, one]));
    this.within = new TextFinder(texts);
  }
}

/** Finds the personal data of one event in its texts: values of its personal fields, and what looks like an e-mail address. */
export class PersonalTexts {
  readonly #email: Treatment;
  readonly #added: PersonalText[] = [];
  readonly #budget = new EscapeBudget();
  /** Built after the last `add`, since one pass finds all texts. */
  #known: { readonly all: KnownTexts; readonly ofEmail: KnownTexts } | undefined;

  /** @param email how to treat texts that look like an e-mail address or contain one */
  constructor(email: Treatment) {
    this.#email = email;
  }

  /** Adds a personal field's value, and each address in it, to the texts to hide, in every form that they may have elsewhere. */
  add(value: unknown, setting: PersonalSetting, treatment: Treatment): void {
    this.#known = undefined;
    for (const text of textsIn(value)) {
      if (isBlank(text) || isPlaceholderWord(text)) continue;
      const addresses = mailboxesOf(text).addresses.flatMap(addressForms);
      for (const one of new Set([normalizeAddress(text), ...addresses, ...phoneDigits(text)])) {
        const isTelling = setting === "email" || one.includes("@") || one.length >= telling.whole;
        if (one === "" || !isTelling) continue;
        const wholeOnly = !one.includes("@") && one.length < telling.within;
        this.#added.push({ text: one, setting, treatment, wholeOnly });
      }
    }
  }

  /**
   * A text that would take too long to read is hidden as a whole.
   *
   * @param identifies whether the text says who the event is about; `recipient` does not apply to such a text
   * @returns undefined if there is nothing to hide
   */
  hide(text: string, identifies: boolean): HiddenText | undefined {
    this.#known ??= {
      all: new KnownTexts(this.#added),
      ofEmail: new KnownTexts(this.#added.filter(({ setting }) => setting === "email")),
    };
    const { whole, within } = identifies ? this.#known.ofEmail : this.#known.all;
    const same = whole.size > 0 ? whole.get(normalizeAddress(text)) : undefined;
    if (same) return { text: applyTreatment(text, same.treatment), settings: [same.setting] };
    const looksLikeAddress = this.#email !== "keep" && emailAddress(text) !== undefined;
    if (looksLikeAddress) return { text: applyTreatment(text, this.#email), settings: ["email"] };

    try {
      return this.#hideWithin(text, within);
    } catch (error) {
      if (!(error instanceof TooManyEscapes)) throw error;
      const setting = this.#email === "keep" ? "recipient" : "email";
      return { text: unreadMark, settings: [setting] };
    }
  }

  #hideWithin(text: string, within: TextFinder<PersonalText>): HiddenText | undefined {
    const settings = new Set<PersonalSetting>();
    let shown = "";
    let from = 0;
    for (const { start, end, sought } of within.find(text, this.#budget)) {
      settings.add(sought.setting);
      shown += text.slice(from, start) + placeholderOf(sought.text);
      from = end;
    }
    shown += text.slice(from);
    const last = this.#email === "keep" ? shown : withoutEmailAddresses(shown, this.#budget);
    if (last !== shown) settings.add("email");
    return settings.size > 0 ? { text: last, settings: [...settings] } : undefined;
  }
}

/** The digits of a phone number, which others write with or without a plus sign, blanks and hyphens. */
function phoneDigits(text: string): string[] {
  return /^\s*\+?[\d\s()./-]{7,30}$/.test(text) ? [text.replaceAll(/\D/g, "")] : [];
}

/**
 * What remains of a personal value: null, or its hash. If the value has addresses, only those are hashed, without display names. A text
 * that identifies nobody is not hashed: its hash would look like an identity, and make one person of everybody who has it.
 */
export function applyTreatment(value: unknown, treatment: Treatment): string | null {
  if (treatment !== "hash") return null;
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  if (isBlank(text)) return null;
  if (isPlaceholderWord(text)) return text;
  const { addresses, unreadable } = mailboxesOf(text);
  const parts = unreadable || addresses.length === 0 ? [text] : addresses;
  return parts.map((part) => createHash("sha256").update(normalizeAddress(part)).digest("hex")).join(", ");
}

/** The placeholder for a text that can't be null, such as a key or part of a sentence. */
export function placeholderOf(text: string): string {
  return text.includes("@") ? emailMark : "[recipient]";
}

/** All strings in a value, and its numbers as strings. */
function textsIn(value: unknown): string[] {
  const texts: string[] = [];
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string" || typeof next === "number") texts.push(String(next));
    else if (typeof next === "object" && next !== null) open.push(...Object.values(next));
  }
  return texts;
}
