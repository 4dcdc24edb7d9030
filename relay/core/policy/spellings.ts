import { longestEntityName, namedCharacter } from "./html-entities.ts";

/** A character that a place in a text stands for. */
export interface Reading {
  /** Empty for a line break that quoted-printable puts in and takes out again. */
  readonly character: string;
  /** Where the text goes on after it. */
  readonly end: number;
}

/**
 * Encodings of one text within another that are read: `%2540` is an @ in a URL in a URL. One more than mails have in practice, such as
 * a link in HTML in JSON.
 */
const deepest = 4;

/** Readings that are kept; a text is read from its beginning to its end, so that those before are hardly asked for again. */
const mostKnown = 1_000;

/** Most digits of a numeric character reference, leading zeros included. */
const mostDigits = 10;

/** What may begin an escape, and by its next character may be one. Anything else is spared the search. */
const mayBegin = /%[0-9A-Fa-f%\\&=]|\\["'/\\bfnrtux%&=]|&[#A-Za-z%\\&=]|=[0-9A-Fa-f\r\n%\\&=]|\+/y;

const none: readonly Reading[] = [];
const hexadecimal = /^[0-9A-Fa-f]$/;
const decimal = /^[0-9]$/;
const letter = /^[A-Za-z]$/;
const inJson: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * What each place of a text may stand for: the character that is there, or the one that an escape beginning there means, in an escape of an
 * escape too. Read are percent encoding, JSON's escapes, HTML's character references, and, unless only what is surely an escape counts,
 * quoted-printable and a form's plus for a space.
 *
 * A text does not say which encodings it has, and one can't be undone throughout without spoiling another: in `?who=ada%40example.org`,
 * `=ad` is quoted-printable too. So all readings of a place stand side by side, and a search takes the one that fits.
 */
export class Spellings {
  readonly #text: string;
  readonly #sure: boolean;
  readonly #known = new Map<number, readonly Reading[]>();
  /** Places of which all readings are known: deeper escapes add none. */
  readonly #final = new Set<number>();
  /** Whether an escape was met while another one was read. */
  #met = false;

  constructor(text: string, { sure = false } = {}) {
    this.#text = text;
    this.#sure = sure;
  }

  /** Whether something other than the character itself may stand there. */
  isEscape(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    // % & + = \, before the pattern, which most places are spared.
    if (code !== 0x25 && code !== 0x26 && code !== 0x2b && code !== 0x3d && code !== 0x5c) return false;
    mayBegin.lastIndex = at;
    return mayBegin.test(this.#text);
  }

  /** All readings of a place, the character itself first; none at the end of the text. */
  at(at: number): readonly Reading[] {
    if (this.#known.size > mostKnown) {
      this.#known.clear();
      this.#final.clear();
    }
    return this.#within(at, deepest);
  }

  #within(at: number, depth: number): readonly Reading[] {
    if (!this.isEscape(at)) return this.#itself(at);
    this.#met = true;
    if (depth === 0) return this.#itself(at);
    const key = at * (deepest + 1) + depth;
    const known = this.#known.get(key);
    if (known) return known;
    const shallower = this.#within(at, depth - 1);
    if (this.#final.has(at)) return shallower;
    const readings = [...shallower];
    this.#met = false;
    for (const { character, end } of shallower) {
      for (const found of this.#readEscape(character, end, depth - 1)) {
        if (readings.every((one) => one.character !== found.character || one.end !== found.end)) readings.push(found);
      }
    }
    // Without another escape on the way, going deeper finds the same.
    if (!this.#met && readings.length === shallower.length) this.#final.add(at);
    this.#met = true;
    this.#known.set(key, readings);
    return readings;
  }

  /** What an escape that begins with this character stands for. */
  #readEscape(character: string, end: number, depth: number): readonly Reading[] {
    if (character === "%") return this.#bytes(end, "%", depth);
    if (character === "\\") return this.#json(end, depth);
    if (character === "&") return this.#html(end, depth);
    if (this.#sure) return [];
    if (character === "+") return [{ character: " ", end }];
    return character === "=" ? [...this.#bytes(end, "=", depth), ...this.#lineBreaks(end, depth)] : [];
  }

  #itself(at: number): readonly Reading[] {
    const code = this.#text.codePointAt(at);
    if (code === undefined) return [];
    const character = String.fromCodePoint(code);
    return [{ character, end: at + character.length }];
  }

  #matching(at: number, depth: number, pattern: RegExp): readonly Reading[] {
    if (this.isEscape(at)) return this.#within(at, depth).filter(({ character }) => pattern.test(character));
    const character = this.#text.charAt(at);
    return pattern.test(character) ? [{ character, end: at + 1 }] : none;
  }

  #exactly(at: number, depth: number, expected: string): readonly Reading[] {
    if (this.isEscape(at)) return this.#within(at, depth).filter(({ character }) => character === expected);
    return this.#text.charAt(at) === expected ? [{ character: expected, end: at + 1 }] : none;
  }

  /** So many hexadecimal digits, as a number. */
  #number(at: number, digits: number, depth: number): { value: number; end: number }[] {
    let found = [{ value: 0, end: at }];
    for (let count = 0; count < digits; count += 1) {
      found = found.flatMap(({ value, end }) =>
        this.#matching(end, depth, hexadecimal).map((digit) => {
          return { value: value * 16 + Number.parseInt(digit.character, 16), end: digit.end };
        }),
      );
    }
    return found;
  }

  /** A byte behind `%` or `=`; with those after it, a character in UTF-8, and in Latin-1 where it is none. */
  #bytes(at: number, sign: string, depth: number): Reading[] {
    return this.#number(at, 2, depth).flatMap(({ value, end }) => {
      if (value < 0x80) return [{ character: String.fromCharCode(value), end }];
      const more = value >= 0xf0 ? 3 : value >= 0xe0 ? 2 : value >= 0xc2 ? 1 : 0;
      const inUtf8 = more === 0 ? [] : this.#utf8([value], end, { sign, more, depth });
      if (inUtf8.length > 0 || this.#sure) return inUtf8;
      return [{ character: String.fromCharCode(value), end }];
    });
  }

  #utf8(
    bytes: readonly number[],
    at: number,
    { sign, more, depth }: { sign: string; more: number; depth: number },
  ): Reading[] {
    if (more > 0) {
      return this.#byte(at, sign, depth).flatMap(({ value, end }) =>
        this.#utf8([...bytes, value], end, { sign, more: more - 1, depth }),
      );
    }
    const character = Buffer.from(bytes).toString("utf8");
    return character.includes("\ufffd") ? [] : [{ character, end: at }];
  }

  /** Another byte of a character. Between two of them a line may be broken. */
  #byte(at: number, sign: string, depth: number): { value: number; end: number }[] {
    const signs = this.#exactly(at, depth, sign);
    const bytes = signs.flatMap(({ end }) => this.#number(end, 2, depth));
    if (sign !== "=") return bytes;
    const lines = signs.flatMap(({ end }) => this.#lineBreaks(end, depth));
    return [...bytes, ...lines.flatMap(({ end }) => this.#byte(end, sign, depth))];
  }

  /** What follows a backslash in JSON or JavaScript. */
  #json(at: number, depth: number): Reading[] {
    return this.#within(at, depth).flatMap(({ character, end }) => {
      if (/^["'/\\]$/.test(character)) return [{ character, end }];
      if (Object.hasOwn(inJson, character)) return [{ character: inJson[character] ?? "", end }];
      if (character === "x") return charactersOf(this.#number(end, 2, depth));
      if (character !== "u") return [];
      return this.#number(end, 4, depth).flatMap((unit) => {
        const isHigh = unit.value >= 0xd800 && unit.value < 0xdc00;
        return isHigh ? this.#surrogates(unit, depth) : charactersOf([unit]);
      });
    });
  }

  #surrogates(high: { value: number; end: number }, depth: number): Reading[] {
    const lows = this.#exactly(high.end, depth, "\\")
      .flatMap(({ end }) => this.#exactly(end, depth, "u"))
      .flatMap(({ end }) => this.#number(end, 4, depth))
      .filter(({ value }) => value >= 0xdc00 && value < 0xe000);
    return lows.map(({ value, end }) => ({ character: String.fromCharCode(high.value, value), end }));
  }

  /** What follows an ampersand in HTML. A number needs no semicolon. */
  #html(at: number, depth: number): Reading[] {
    const numeric = this.#exactly(at, depth, "#").flatMap(({ end }) => [
      ...this.#matching(end, depth, /^[xX]$/).flatMap((x) =>
        this.#numeric(x.end, depth, { digit: hexadecimal, base: 16 }),
      ),
      ...this.#numeric(end, depth, { digit: decimal, base: 10 }),
    ]);
    const named = this.#run(at, depth, { pattern: letter, most: longestEntityName }).flatMap(({ text, end }) => {
      const character = namedCharacter(text);
      if (character === undefined) return [];
      return this.#exactly(end, depth, ";").map((semicolon) => ({ character, end: semicolon.end }));
    });
    return [...numeric, ...named];
  }

  #numeric(at: number, depth: number, { digit, base }: { digit: RegExp; base: number }): Reading[] {
    return this.#run(at, depth, { pattern: digit, most: mostDigits }).flatMap(({ text, end }) => {
      const code = Number.parseInt(text, base);
      if (!(code > 0 && code <= 0x10ffff)) return [];
      const [semicolon] = this.#exactly(end, depth, ";");
      return [{ character: String.fromCodePoint(code), end: semicolon?.end ?? end }];
    });
  }

  /** As many characters of a kind as there are. */
  #run(
    at: number,
    depth: number,
    { pattern, most }: { pattern: RegExp; most: number },
  ): { text: string; end: number }[] {
    let plain = at;
    while (plain < at + most && !this.isEscape(plain) && pattern.test(this.#text.charAt(plain))) plain += 1;
    let found = [{ text: this.#text.slice(at, plain), end: plain }];
    for (let count = plain - at; count < most; count += 1) {
      const longer = found.flatMap(({ text, end }) =>
        this.#matching(end, depth, pattern).map((next) => ({ text: text + next.character, end: next.end })),
      );
      if (longer.length === 0) break;
      found = longer;
    }
    return found;
  }

  /** The ends of a line that quoted-printable has broken behind `=`. */
  #lineBreaks(at: number, depth: number): Reading[] {
    const starts = [...this.#exactly(at, depth, "\r").map(({ end }) => end), at];
    return starts.flatMap((start) => this.#exactly(start, depth, "\n").map(({ end }) => ({ character: "", end })));
  }
}

function charactersOf(units: readonly { value: number; end: number }[]): Reading[] {
  return units.map(({ value, end }) => ({ character: String.fromCharCode(value), end }));
}
