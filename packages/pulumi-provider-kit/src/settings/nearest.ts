import didYouMean from "didyoumean2";

/**
 * The candidate that somebody may have meant who wrote `word`: one that differs by two fifths of its letters at most.
 * Upper and lower case are the same here. Undefined if none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  return didYouMean(word, [...candidates], { threshold: 0.6 }) ?? undefined;
}
