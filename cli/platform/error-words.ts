/** An error in an answer of Platform, whose parts may be missing: Adobe's code, and what it says. */
export function errorWords(code: string | null | undefined, said: string | null | undefined): string {
  return `${code ?? ""} ${said ?? ""}`.trim() || "no reason given";
}
