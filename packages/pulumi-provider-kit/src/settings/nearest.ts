import didYouMean from "didyoumean2";

/**
 * The candidate that was probably meant by `word`: one that differs in at most two fifths of its letters, ignoring case.
 * Undefined if none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // By default the library drops spaces and combining accents, so a word that consists only of them would be empty.
  return didYouMean(word, [...candidates], { threshold: 0.6, trimSpaces: false, deburr: false }) ?? undefined;
}
