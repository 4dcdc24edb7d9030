import { createHash } from "node:crypto";
import { emailAddress, mailboxesOf, normalised, withoutEmailAddresses } from "./email-address.ts";
import type { PersonalData } from "./policy.ts";

export type Treatment = PersonalData["email"];
export type PersonalSetting = "email" | "recipient";

/** What takes the place of a text. */
export interface HiddenText {
  /** Null for one that is dropped as a whole. */
  readonly text: string | null;
  readonly settings: readonly PersonalSetting[];
}

/** A value of a personal field, which is to be hidden wherever it is. */
interface PersonalText {
  /** `normalised`. */
  readonly text: string;
  readonly setting: PersonalSetting;
  readonly treatment: Treatment;
  /** How it may be written within another text, each in lower case. */
  readonly spellings: readonly string[];
}

/** Characters from which on a text is not met by chance: in a longer text, and as the whole of another field. */
const telling = { within: 6, whole: 4 };

/** Finds the personal data of one event in its texts: values of its personal fields, and what looks like an e-mail address. */
export class PersonalTexts {
  readonly #email: Treatment;
  readonly #known: PersonalText[] = [];

  /** @param email what is done with texts that look like an e-mail address, or have one within */
  constructor(email: Treatment) {
    this.#email = email;
  }

  /** Hides from now on what a personal field holds: the whole of it, and each address in it. */
  add(value: unknown, setting: PersonalSetting, treatment: Treatment): void {
    for (const text of textsIn(value)) {
      for (const one of new Set([normalised(text), ...mailboxesOf(text).addresses])) {
        const isTelling = setting === "email" || one.includes("@") || one.length >= telling.whole;
        if (one === "" || !isTelling) continue;
        const isTellingWithin = one.includes("@") || one.length >= telling.within;
        this.#known.push({ text: one, setting, treatment, spellings: isTellingWithin ? spellingsOf(one) : [] });
      }
    }
  }

  /**
   * @param identifies whether the text says who the event is about, and so is no affair of `recipient`
   * @returns undefined if there is nothing to hide
   */
  hide(text: string, identifies: boolean): HiddenText | undefined {
    const known = identifies ? this.#known.filter(({ setting }) => setting === "email") : this.#known;
    const same = known.length > 0 ? normalised(text) : "";
    const found = known.find((one) => one.text === same);
    if (found) return { text: treated(text, found.treatment), settings: [found.setting] };
    const looksLikeAddress = this.#email !== "keep" && emailAddress(text) !== undefined;
    if (looksLikeAddress) return { text: treated(text, this.#email), settings: ["email"] };

    const settings = new Set<PersonalSetting>();
    let shown = text;
    let compared = composedLower(shown);
    for (const { spellings, text: hidden, setting } of known) {
      for (const spelling of spellings) {
        // Most texts have none of them, and are spared the pattern.
        if (!compared.includes(spelling)) continue;
        const next = without(shown, spelling, markOf(hidden));
        if (next === shown) continue;
        settings.add(setting);
        shown = next;
        compared = composedLower(shown);
      }
    }
    const last = this.#email === "keep" ? shown : withoutEmailAddresses(shown);
    if (last !== shown) settings.add("email");
    return settings.size > 0 ? { text: last, settings: [...settings] } : undefined;
  }
}

/** What stays of a personal value: nothing, or its hash; of one address with a display name, the address's. */
export function treated(value: unknown, treatment: Treatment): string | null {
  if (treatment !== "hash") return null;
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  if (text.trim() === "") return null;
  const { addresses, unreadable } = mailboxesOf(text);
  const parts = unreadable || addresses.length === 0 ? [text] : addresses;
  return parts.map((part) => createHash("sha256").update(normalised(part)).digest("hex")).join(", ");
}

/** What is shown in the place of a text that can't be null, such as a key or a part of a sentence. */
export function markOf(text: string): string {
  return text.includes("@") ? "[e-mail]" : "[recipient]";
}

/** All texts of a value, and its numbers as text. */
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

/** As it stands, and as it is written in a URL, in JSON within JSON, and in HTML. */
function spellingsOf(text: string): string[] {
  const html = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
  const inUrl = encodeURIComponent(text.toWellFormed()).toLowerCase();
  return [...new Set([text, inUrl, JSON.stringify(text).slice(1, -1), html])];
}

function composedLower(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** The text with the mark in the place of what it has within; not of what is only the end or beginning of a longer word. */
function without(text: string, spelling: string, mark: string): string {
  const composed = text.normalize("NFC");
  const escaped = spelling.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  const pattern = new RegExp(`(?<![\\p{L}\\p{M}\\p{N}])${escaped}(?![\\p{L}\\p{M}\\p{N}])`, "giu");
  return pattern.test(composed) ? composed.replace(pattern, () => mark) : text;
}
