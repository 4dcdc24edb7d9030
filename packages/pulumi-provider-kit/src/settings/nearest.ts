import didYouMean from "didyoumean2";

/**
 * The candidate that somebody may have meant who wrote `word`: one that differs by two fifths of its letters at most.
 * Upper and lower case are the same here. Undefined if none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // By default the library drops spaces and combining accents, and a word of nothing else is then near to nothing.
  return didYouMean(word, [...candidates], { threshold: 0.6, trimSpaces: false, deburr: false }) ?? undefined;
}
