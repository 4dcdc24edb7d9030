import { Spellings } from "./spellings.ts";

/** A text with the escapes in it decoded. */
export interface DecodedText {
  readonly text: string;
  /** Where what stands at a place of the decoded text begins in the original. */
  readonly origin: (at: number) => number;
}

/**
 * Decodes what is surely an escape, in an escape of an escape too. Quoted-printable and a form's plus for a space stay as they are, since
 * `?size=40mm` has no @.
 */
export function decodeText(original: string): DecodedText {
  const asItIs = { text: original, origin: (at: number) => at };
  const spellings = new Spellings(original, { sure: true });
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

/** From where on the decoded text goes along with the original, or where an escape begins in both. */
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
