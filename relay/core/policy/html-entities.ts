/** HTML's names of ASCII characters, from "Named character references" in the HTML standard. */
const ofAscii: Readonly<Record<string, string>> = {
  Tab: "\t",
  NewLine: "\n",
  excl: "!",
  quot: '"',
  QUOT: '"',
  num: "#",
  dollar: "$",
  percnt: "%",
  amp: "&",
  AMP: "&",
  apos: "'",
  lpar: "(",
  rpar: ")",
  ast: "*",
  midast: "*",
  plus: "+",
  comma: ",",
  period: ".",
  sol: "/",
  colon: ":",
  semi: ";",
  lt: "<",
  LT: "<",
  equals: "=",
  gt: ">",
  GT: ">",
  quest: "?",
  commat: "@",
  lsqb: "[",
  lbrack: "[",
  bsol: "\\",
  rsqb: "]",
  rbrack: "]",
  Hat: "^",
  lowbar: "_",
  UnderBar: "_",
  grave: "`",
  DiacriticalGrave: "`",
  lcub: "{",
  lbrace: "{",
  verbar: "|",
  vert: "|",
  VerticalLine: "|",
  rcub: "}",
  rbrace: "}",
  nbsp: "\u00a0",
  NonBreakingSpace: "\u00a0",
};

/** Latin letters that are not a letter plus an accent. */
const ofLetters: Readonly<Record<string, string>> = {
  szlig: "ß",
  AElig: "Æ",
  aelig: "æ",
  OElig: "Œ",
  oelig: "œ",
  Oslash: "Ø",
  oslash: "ø",
  ETH: "Ð",
  eth: "ð",
  THORN: "Þ",
  thorn: "þ",
  Dstrok: "Đ",
  dstrok: "đ",
  Lstrok: "Ł",
  lstrok: "ł",
  inodot: "ı",
  imath: "ı",
};

/** The suffix that names an accent, as in `eacute`, and its combining mark. */
const accents: Readonly<Record<string, string>> = {
  grave: "\u0300",
  acute: "\u0301",
  circ: "\u0302",
  tilde: "\u0303",
  macr: "\u0304",
  breve: "\u0306",
  dot: "\u0307",
  uml: "\u0308",
  ring: "\u030a",
  dblac: "\u030b",
  caron: "\u030c",
  cedil: "\u0327",
  ogon: "\u0328",
};

/** Length of the longest name. */
export const longestEntityName = "DiacriticalGrave".length;

/** The character that an entity names; undefined if HTML lacks the name, or the character is neither ASCII nor a Latin letter. */
export function namedCharacter(name: string): string | undefined {
  const table = Object.hasOwn(ofAscii, name) ? ofAscii : ofLetters;
  if (Object.hasOwn(table, name)) return table[name];
  const accent = name.slice(1);
  if (!/^[A-Za-z]/.test(name) || !Object.hasOwn(accents, accent)) return undefined;
  return `${name[0]}${accents[accent]}`.normalize("NFC");
}
