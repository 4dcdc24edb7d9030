import { type EscapeBudget, Spellings } from "./spellings.ts";

/** A text with its escapes decoded. */
export interface DecodedText {
  readonly text: string;
  /** Maps an index of the decoded text to an index of the original. */
  readonly origin: (at: number) => number;
}

/**
 * Decodes unambiguous escapes, nested ones too. It leaves quoted-printable and a form's plus for a space unchanged: the `=40` in
 * `?size=40mm` is not an @.
 *
 * @throws TooManyEscapes
 */
export function decodeText(original: string, budget: EscapeBudget): DecodedText {
  const asItIs = { text: original, origin: (at: number) => at };
  const spellings = new Spellings(original, { sure: true, budget });
  const signs = /[%&\\]/g;
  const parts: string[] = [];
  const pieces: Piece[] = [{ decoded: 0, original: 0, isEscape: false }];
  let length = 0;
  let from = 0;
  for (let found = signs.exec(original); found; found = signs.exec(original)) {
    const at = found.index;
    const readings = spellings.at(at);
    const longest = readings.reduce((one, other) => (other.end > one.end ? other : one));
    if (longest.end === at + 1) continue;
    parts.push(original.slice(from, at), longest.character);
    length += at - from;
    pieces.push({ decoded: length, original: at, isEscape: true });
    length += longest.character.length;
    pieces.push({ decoded: length, original: longest.end, isEscape: false });
    from = longest.end;
    signs.lastIndex = from;
  }
  if (parts.length === 0) return asItIs;
  parts.push(original.slice(from));
  return { text: parts.join(""), origin: (at) => originOf(at, pieces) };
}

/** The start of an escape, or of a stretch without escapes, in both texts. */
interface Piece {
  readonly decoded: number;
  readonly original: number;
  readonly isEscape: boolean;
}

function originOf(at: number, pieces: readonly Piece[]): number {
  let [low, high] = [0, pieces.length];
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.decoded ?? 0) <= at) low = middle;
    else high = middle;
  }
  const piece = pieces[low];
  if (piece === undefined) return at;
  return piece.isEscape ? piece.original : piece.original + at - piece.decoded;
}
