import { type EscapeBudget, Spellings } from "./spellings.ts";

/** A text to look for. */
export interface SoughtText {
  readonly text: string;
  /** Whether it counts only if it is the whole text. */
  readonly wholeOnly: boolean;
}

/** Where a text was found. */
export interface FoundText<T> {
  readonly start: number;
  readonly end: number;
  readonly sought: T;
}

/**
 * Number of characters after which a match counts, whatever follows. It bounds the search, and finds the start of a long text that was
 * cut off.
 */
const enough = 256;

/** Length of the longest triply nested escape: `\u0020`, with each of its characters escaped in the same way, twice. */
const longestEscape = 216;

const wordCharacter = /[\p{L}\p{M}\p{N}]/u;

/**
 * Finds many texts within another in one pass: in any of their `Spellings`, ignoring case and Unicode composition, but not as the start or
 * end of a longer word.
 *
 * The texts are sorted, so those that share the prefix read so far are adjacent; each character narrows that range.
 */
export class TextFinder<T extends SoughtText> {
  readonly #sought: readonly Sought<T>[];
  readonly #first: ReadonlySet<string>;

  /** @param sought of two equal texts, the first one counts */
  constructor(sought: readonly T[]) {
    const byKey = new Map<string, T>();
    for (const one of sought) {
      const key = foldCase(one.text);
      if (key !== "" && !byKey.has(key)) byKey.set(key, one);
    }
    const keys = [...byKey].map(([key, one]) => ({
      key,
      sought: one,
      beginsWord: isWord(key),
      endsWord: isWord(key.at(-1) ?? ""),
    }));
    this.#sought = keys.sort((one, other) => (one.key < other.key ? -1 : 1));
    this.#first = new Set(keys.flatMap(({ key }) => [key.charAt(0), key.charAt(0).toUpperCase()]));
  }

  /**
   * Matches in order, without overlaps.
   *
   * @throws TooManyEscapes
   */
  find(text: string, budget: EscapeBudget): FoundText<T>[] {
    const found: FoundText<T>[] = [];
    if (this.#sought.length === 0) return found;
    const spellings = new Spellings(text, { budget });
    let afterWord = false;
    for (let at = 0; at < text.length; ) {
      const character = characterAt(text, at);
      const match: Match<T> | undefined = this.#mayBegin(character, at, spellings)
        ? this.#longestAt(at, text, spellings)
        : undefined;
      if (match && !(afterWord && match.beginsWord && !followsBreak(spellings, at))) {
        found.push({ start: at, end: match.end, sought: match.sought });
        afterWord = false;
        at = match.end;
      } else {
        afterWord = isWord(character);
        at += character.length;
      }
    }
    return found;
  }

  #mayBegin(character: string, at: number, spellings: Spellings): boolean {
    const code = character.charCodeAt(0);
    return (
      (code < 0x80 ? this.#first.has(character) : this.#first.has(foldCase(character).charAt(0))) ||
      spellings.isEscape(at)
    );
  }

  /** The longest sought text that begins there. */
  #longestAt(start: number, text: string, spellings: Spellings): Match<T> | undefined {
    let longest: Match<T> | undefined;
    const open: Prefix[] = [{ at: start, length: 0, low: 0, high: this.#sought.length }];
    const seen = new Set<string>();
    for (let prefix = open.pop(); prefix; prefix = open.pop()) {
      const { at, length, low } = prefix;
      const first = this.#sought[low];
      if (first && at > (longest?.end ?? start)) {
        const isComplete = first.key.length === length && (!first.endsWord || endsWord(spellings, at, text));
        const isAllowed = !first.sought.wholeOnly || (start === 0 && at === text.length);
        if ((isComplete && isAllowed) || length >= enough) longest = { ...first, end: at };
      }
      if (!spellings.isEscape(at)) {
        const character = characterAt(text, at);
        const next = character && this.#narrow(prefix, foldCase(character), at + character.length);
        if (next) open.push(next);
        continue;
      }
      for (const { character, end } of spellings.at(at)) {
        // No match begins with a soft line break. Otherwise each of many would read all those that follow it.
        if (length === 0 && character === "") continue;
        const next = this.#narrow(prefix, foldCase(character), end);
        if (next === undefined) continue;
        // Several readings may lead to the same state.
        const key = `${next.at} ${next.length} ${next.low}`;
        if (!seen.has(key)) open.push(next);
        seen.add(key);
      }
    }
    return longest;
  }

  /** Narrows the prefix's range to the texts that continue with these characters. */
  #narrow({ length, low, high }: Prefix, characters: string, at: number): Prefix | undefined {
    let from = low;
    let to = high;
    for (let index = 0; index < characters.length; index += 1) {
      const place = length + index;
      const code = characters.charCodeAt(index);
      // Most positions begin no sought text.
      if (place === 0 && !this.#first.has(characters.charAt(0))) return undefined;
      from = this.#firstFrom(from, to, place, code);
      to = this.#firstFrom(from, to, place, code + 1);
      if (from === to) return undefined;
    }
    return { at, length: length + characters.length, low: from, high: to };
  }

  /** The first text in a range whose character at a place has at least this code. Shorter texts sort first. */
  #firstFrom(low: number, high: number, place: number, code: number): number {
    let from = low;
    let to = high;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const found = this.#sought[middle]?.key.charCodeAt(place) ?? Number.NaN;
      if (found >= code) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}

interface Sought<T> {
  /** The text with its case folded. */
  readonly key: string;
  readonly sought: T;
  /** Whether its first and last characters are parts of words. */
  readonly beginsWord: boolean;
  readonly endsWord: boolean;
}

interface Match<T> extends Sought<T> {
  readonly end: number;
}

/** The position and length read so far, and the range of sought texts that match. */
interface Prefix {
  readonly at: number;
  readonly length: number;
  readonly low: number;
  readonly high: number;
}

/** Whether an escape that ends at this position stands for a non-word character, such as `%20`. */
function followsBreak(spellings: Spellings, at: number): boolean {
  for (let start = at - 1; start >= Math.max(0, at - longestEscape); start -= 1) {
    if (!spellings.isEscape(start)) continue;
    const isBreak = spellings
      .at(start)
      .some(({ character, end }) => end === at && character !== "" && !isWord(character));
    if (isBreak) return true;
  }
  return false;
}

function characterAt(text: string, at: number): string {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code < 0xdc00 ? String.fromCodePoint(text.codePointAt(at) ?? 0) : text.charAt(at);
}

function endsWord(spellings: Spellings, at: number, text: string): boolean {
  return at === text.length || spellings.at(at).some(({ character }) => character !== "" && !isWord(character));
}

function isWord(character: string): boolean {
  const code = character.charCodeAt(0);
  if (code >= 0x80) return wordCharacter.test(character);
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39);
}

/** Normalizes a text for comparison: lower case, and decomposed (NFD), so that no character depends on the next one. */
function foldCase(text: string): string {
  const code = text.charCodeAt(0);
  if (text.length === 1 && code < 0x80) return code >= 0x41 && code <= 0x5a ? String.fromCharCode(code + 32) : text;
  // A sigma at the end of a word is the same letter.
  return text.normalize("NFD").toLowerCase().normalize("NFD").replaceAll("ς", "σ");
}
