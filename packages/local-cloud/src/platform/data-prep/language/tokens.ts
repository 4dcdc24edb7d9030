import { Unreadable } from "./unreadable.ts";

/** A token of an expression. `text` is its content: a string without quotes, a wrapped path with its `${…}`. */
export interface Token {
  readonly kind: "number" | "string" | "word" | "wrapped" | "mark" | "end";
  readonly text: string;
}

/** The tokens of Apache JEXL on Data Prep's pages, and Data Prep's own `${…}`. */
const token =
  /\s+|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?<wrapped>\$\{(?:\\.|[^}\\])+\})|(?<word>(?:\\.|[\p{L}_$])(?:\\.|[\p{L}\p{N}_$])*)|(?<mark>->|[=!<>]=|&&|\|\||[-+*/%<>!~()[\]{}.,:])/suy;

/** Splits an expression into its tokens, the last of which is the end; throws Unreadable. */
export function splitTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw new Unreadable(`Unexpected "${text.slice(at, at + 10)}"`);
    at = token.lastIndex;
    const [kind, found] = Object.entries(match.groups ?? {}).find(([, group]) => group !== undefined) ?? [];
    if (kind === undefined || found === undefined) continue;
    tokens.push({ kind: kind as Token["kind"], text: kind === "string" ? unquote(found) : found });
  }
  return [...tokens, { kind: "end", text: "the end" }];
}

const controlCharacters: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Decodes JEXL's escapes. A backslash before any other character stays, so that regular expressions need no extra escaping. */
function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(?:u([\da-fA-F]{4})|([\\"'])|([nrt]))/g, (_, code, quote, control) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return quote ?? controlCharacters[control];
  });
}
