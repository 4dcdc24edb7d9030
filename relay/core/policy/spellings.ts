import { longestEntityName, namedCharacter } from "./html-entities.ts";

/** One way to read a position in a text. */
export interface Reading {
  /** Empty for a soft line break of quoted-printable. */
  readonly character: string;
  /** Index of the first character after it. */
  readonly end: number;
}

/**
 * Maximum depth of nested encodings: `%2540` is an @ in a URL in a URL. One more than mails have in practice, such as a link in HTML in
 * JSON.
 */
const deepest = 4;

/** Number of cached readings. A text is read from start to end, so earlier ones are rarely needed again. */
const mostKnown = 1_000;

/** Maximum digits of a numeric character reference, including leading zeros. */
const mostDigits = 10;

/** A quick test by two characters for a possible escape. */
const mayBegin = /%[0-9A-Fa-f%\\&=]|\\["'/\\bfnrtux%&=]|&[#A-Za-z%\\&=]|=[0-9A-Fa-f\r\n%\\&=]|\+/y;

/** The characters with which an escape begins. */
const beginning = /^[%&\\=+]$/;

/** How often escapes of one event are read at most: enough for fifty thousand plain ones, in half a second, or a few thousand nested ones. */
const mostEscapes = 100_000;

/** The texts of an event have more escapes than can be read while its sender waits. */
export class TooManyEscapes extends Error {}

/** Limits the time that the escapes of one event take. Anyone who is quoted in an event can write a text that is nothing but escapes. */
export class EscapeBudget {
  #left = mostEscapes;

  /** @throws TooManyEscapes */
  spend(): void {
    if (this.#left === 0) throw new TooManyEscapes("The texts have too many escapes");
    this.#left -= 1;
  }
}

const none: readonly Reading[] = [];
const hexadecimal = /^[0-9A-Fa-f]$/;
const decimal = /^[0-9]$/;
const letter = /^[A-Za-z]$/;
const inJson: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * All readings of each position of a text: the character itself, or the one that an escape there stands for, nested escapes included. It
 * reads percent encoding, JSON escapes and HTML character references, and, unless `sure` is set, quoted-printable and a form's plus for
 * a space.
 *
 * A text does not say how it is encoded, and decoding one encoding throughout can corrupt another: in `?who=ada%40example.org`, `=ad` is
 * valid quoted-printable, too. So this class keeps all readings of a position, and a search takes the one that fits.
 */
export class Spellings {
  readonly #text: string;
  readonly #sure: boolean;
  readonly #budget: EscapeBudget;
  readonly #known = new Map<number, readonly Reading[]>();
  /** Positions with all readings known: deeper escapes add none. */
  readonly #final = new Set<number>();
  /** Whether reading an escape met another one. */
  #met = false;

  constructor(text: string, { sure = false, budget }: { sure?: boolean; budget: EscapeBudget }) {
    this.#text = text;
    this.#sure = sure;
    this.#budget = budget;
  }

  /** Whether an escape may begin at this position. */
  isEscape(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    // % & + = \: a cheap test that spares most positions the pattern.
    if (code !== 0x25 && code !== 0x26 && code !== 0x2b && code !== 0x3d && code !== 0x5c) return false;
    mayBegin.lastIndex = at;
    return mayBegin.test(this.#text);
  }

  /**
   * All readings of a position, the character itself first; empty at the end of the text.
   *
   * @throws TooManyEscapes
   */
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
    this.#budget.spend();
    const readings = [...shallower];
    this.#met = false;
    for (const { character, end } of shallower) {
      for (const found of this.#readEscape(character, end, depth - 1)) {
        if (readings.every((one) => one.character !== found.character || one.end !== found.end)) readings.push(found);
      }
    }
    // Without a nested escape, and if none begins with what was found, a deeper search finds the same.
    const beginsNone = readings.slice(shallower.length).every(({ character }) => !beginning.test(character));
    if (!this.#met && beginsNone) this.#final.add(at);
    this.#met = true;
    this.#known.set(key, readings);
    return readings;
  }

  /** Readings of the escape that begins with this character. */
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

  /** Reads a fixed number of hexadecimal digits. */
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

  /** A byte after `%` or `=`. With the bytes after it, it is a UTF-8 character; if they are not valid UTF-8, it is a Latin-1 character. */
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

  /** The next byte of a character. A soft line break may precede it. */
  #byte(at: number, sign: string, depth: number): { value: number; end: number }[] {
    const bytes: { value: number; end: number }[] = [];
    // Not recursive, since any number of line breaks may follow each other.
    for (let starts = [at]; starts.length > 0; ) {
      const ends = starts.flatMap((start) => this.#exactly(start, depth, sign)).map(({ end }) => end);
      bytes.push(...ends.flatMap((end) => this.#number(end, 2, depth)));
      starts = sign === "=" ? ends.flatMap((end) => this.#lineBreaks(end, depth)).map(({ end }) => end) : [];
    }
    return bytes;
  }

  /** Reads what follows a backslash in JSON or JavaScript. */
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

  /** Reads what follows an ampersand in HTML. A number needs no semicolon. */
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

  /** Reads consecutive characters of one kind. */
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

  /** Where the line continues after a soft line break (`=` at the end of a line). */
  #lineBreaks(at: number, depth: number): Reading[] {
    const starts = [...this.#exactly(at, depth, "\r").map(({ end }) => end), at];
    return starts.flatMap((start) => this.#exactly(start, depth, "\n").map(({ end }) => ({ character: "", end })));
  }
}

function charactersOf(units: readonly { value: number; end: number }[]): Reading[] {
  return units.map(({ value, end }) => ({ character: String.fromCharCode(value), end }));
}
