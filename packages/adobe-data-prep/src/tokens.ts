import { type PathStep, parseWrapped } from "./source-path.ts";
import { SyntaxProblem } from "./syntax-problem.ts";

export type Token =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "name"; readonly name: string }
  /** A name in `${...}`: never a keyword. */
  | { readonly kind: "path"; readonly steps: readonly PathStep[] }
  | { readonly kind: "symbol"; readonly text: string }
  | { readonly kind: "end" };

const patterns = {
  space: /\s+/y,
  number: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y,
  string: /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'/sy,
  wrapped: /\$\{((?:\\.|[^}\\])+)\}/y,
  name: /(?:\\.|[\p{L}_$])(?:\\.|[\p{L}\p{N}_$])*/uy,
  symbol: /->|==|!=|<=|>=|&&|\|\||[-+*/%<>!~()[\]{}.,:]/y,
};

/** Splits an expression into tokens. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text) ?? undefined;
    position += match?.[0].length ?? 0;
    return match;
  };
  while (position < text.length) {
    if (take(patterns.space) !== undefined) continue;
    tokens.push(nextToken(take, () => new SyntaxProblem(`Unexpected "${text.slice(position, position + 10)}"`)));
  }
  return [...tokens, { kind: "end" }];
}

function nextToken(take: (pattern: RegExp) => RegExpExecArray | undefined, problem: () => SyntaxProblem): Token {
  const number = take(patterns.number);
  if (number !== undefined) return { kind: "number", value: Number(number[0]) };
  const string = take(patterns.string);
  if (string !== undefined) return { kind: "string", value: decodeEscapes(string[1] ?? string[2] ?? "") };
  const wrapped = take(patterns.wrapped);
  if (wrapped !== undefined) return { kind: "path", steps: parseWrapped(wrapped[1] ?? "") };
  const name = take(patterns.name);
  if (name !== undefined) return { kind: "name", name: name[0] };
  const symbol = take(patterns.symbol);
  if (symbol !== undefined) return { kind: "symbol", text: symbol[0] };
  throw problem();
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

/** Decodes Java's escapes. Any other backslash stays, so that regular expressions need no extra escaping. */
function decodeEscapes(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (whole, code: string | undefined, letter: string) =>
    code === undefined ? (escapes[letter] ?? whole) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
